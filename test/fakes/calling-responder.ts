import type { Responder, ResponderPiece, ResponderRequest, ResponderTool } from '@kaiwa/engine'

const PLACES = /\b(Tokyo|Paris|Oslo)\b/g
const pause = () => new Promise<void>(resolve => { setTimeout(resolve, 5) })

/** Calls a function when "weather" falls or the session insists, tells what it gave back, and leaves the rest to another responder. */
export function createCallingResponder(otherwise: Responder): Responder {
  return {
    async* respond(request: ResponderRequest) {
      const { turns, tools = [], toolChoice = 'auto', signal } = request
      const last = turns.at(-1)
      if (last?.role === 'tool_output') {
        yield* turns.slice(turns.findLastIndex(turn => turn.role === 'tool_call') + 1).flatMap(turn => turn.role === 'tool_output' ? [`The tool says: ${turn.output}. `] : [])
        return
      }
      const said = turns.findLast(turn => turn.role === 'user')?.text ?? ''
      const tool = typeof toolChoice === 'object' ? tools.find(({ name }) => name === toolChoice.name) : tools[0]
      if (!tool || toolChoice === 'none' || (toolChoice === 'auto' && !/weather|note/i.test(said))) return yield* otherwise.respond(request)
      if (toolChoice === 'auto') yield 'Let me look that up. '
      if (/note/i.test(said)) return yield* endlessCall(tool, signal)
      const places = said.match(PLACES) ?? ['Tokyo']
      for (const place of places) yield* call(tool, place)
    },
  }
}

function* call({ name, parameters }: ResponderTool, place: string): Generator<ResponderPiece> {
  yield { kind: 'tool_call', name }
  if (parameters?.properties === undefined) return
  for (const delta of ['{"location":', `"${place}"`, '}']) yield { kind: 'tool_arguments', delta }
}

/** Writes on until somebody stops it. */
async function* endlessCall({ name }: ResponderTool, signal: AbortSignal): AsyncGenerator<ResponderPiece> {
  yield { kind: 'tool_call', name }
  yield { kind: 'tool_arguments', delta: '{"text":"' }
  while (!signal.aborted) {
    yield { kind: 'tool_arguments', delta: 'and so on ' }
    await pause()
  }
}
