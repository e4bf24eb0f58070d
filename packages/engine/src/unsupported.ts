import { clientEventTypes } from '@kaiwa/protocol'
import type { ServerError } from '@kaiwa/protocol'
import { invalidValue } from '@kaiwa/protocol/errors'

/** An engine that was given no way to MCP servers: says outright that the value is right by the protocol and only not to be had here. */
export function withoutMcp(param: string): ServerError {
  const error = invalidValue(param, 'mcp', ['function'])
  return { ...error, message: `${error.message} The embedded engine doesn't have MCP tools yet.` }
}

/** `output_audio_buffer.clear` belongs to WebRTC and SIP: over a WebSocket the client holds the audio. */
export function refuseOverWebSocket(type: string): ServerError {
  return invalidValue('type', type, clientEventTypes.filter(known => known !== type))
}
