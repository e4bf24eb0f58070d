import { clientEventTypes } from '@kaiwa/protocol'
import type { ServerError } from '@kaiwa/protocol'
import { invalidValue } from '@kaiwa/protocol/errors'

/** Parts of the protocol that the embedded engine refuses so far, by the place where a client asks for them. */
const notYet: { param: RegExp, value: string, what: string }[] = [
  { param: /^(session|response)\.tools\[\d+\]\.type$/, value: 'mcp', what: 'MCP tools' },
  { param: /^(session|response)\.tool_choice\.type$/, value: 'mcp', what: 'MCP tools' },
]

/** Says outright when a value is right by the protocol and only unknown to this engine. */
export function explainUnsupported(error: ServerError): ServerError {
  const gap = notYet.find(({ param, value }) => error.code === 'invalid_value' && param.test(error.param ?? '') && error.message.includes(`'${value}'`))
  return gap ? { ...error, message: `${error.message} The embedded engine doesn't have ${gap.what} yet.` } : error
}

/** `output_audio_buffer.clear` belongs to WebRTC and SIP: over a WebSocket the client holds the audio. */
export function refuseOverWebSocket(type: string): ServerError {
  return invalidValue('type', type, clientEventTypes.filter(known => known !== type))
}
