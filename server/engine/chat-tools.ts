/** The session's functions as a chat server takes them, and the calls as it writes them. Pure. */
import type { ResponderPiece, ResponderRequest } from '@kaiwa/engine'
import type { ChatCallDelta } from './chat-stream.ts'

/** A call's arguments; longer ones are no arguments but a text that never ends. */
export const MAX_ARGUMENT_CHARACTERS = 64 * 1024
/** Calls in one answer. */
export const MAX_CALLS = 16

/** The model doesn't keep to what it was offered. */
export class ChatCallError extends Error {}

type Offer = Pick<ResponderRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>

/** The fields of a request; none without tools, and none that say what is so anyway: small servers refuse what they don't know. */
export function chatTools({ tools = [], toolChoice = 'auto', parallelToolCalls = true }: Offer): Record<string, unknown> {
  if (tools.length === 0) return {}
  return {
    tools: tools.map(({ name, description, parameters }) => ({
      type: 'function', function: { name, ...(description && { description }), parameters: parameters ?? { type: 'object', properties: {} } },
    })),
    ...(toolChoice !== 'auto' && { tool_choice: typeof toolChoice === 'string' ? toolChoice : { type: 'function', function: { name: toolChoice.name } } }),
    ...(!parallelToolCalls && { parallel_tool_calls: false }),
  }
}

interface OpenCall { index: number, id: string | undefined, name: string, held: string, written: number }

export interface CallAssembly {
  readonly begun: boolean
  /** More of the calls; returns what can be passed on now. @throws ChatCallError */
  take(deltas: readonly ChatCallDelta[]): ResponderPiece[]
  /** The answer is over: the rest. @throws ChatCallError */
  finish(): ResponderPiece[]
}

/**
 * Pieces of calls, told apart by index, → one call after the other. The first one streams; later ones wait until the end,
 * since nothing says when a call is whole.
 */
export function createCallAssembly(known: ReadonlySet<string>): CallAssembly {
  const calls: OpenCall[] = []

  function callOf({ index, id, name }: ChatCallDelta): OpenCall {
    const call = calls.findLast(each => each.index === index)
    // Some servers number every call 0: another id with another name is another call.
    const isNew = !call || (id !== undefined && call.id !== undefined && id !== call.id && name !== undefined)
    if (!isNew) return call
    if (calls.length >= MAX_CALLS) throw new ChatCallError('too many calls')
    const fresh = { index, id, name: '', held: '', written: 0 }
    calls.push(fresh)
    return fresh
  }

  /** What of the call wasn't passed on yet. */
  function pass(call: OpenCall): ResponderPiece[] {
    if (call.name === '') return []
    const isFirst = call.written === 0
    if (isFirst && !known.has(call.name)) throw new ChatCallError('no such tool')
    const delta = call.held
    call.held = ''
    call.written += delta.length + (isFirst ? 1 : 0)
    return [...(isFirst ? [{ kind: 'tool_call' as const, name: call.name }] : []), ...(delta ? [{ kind: 'tool_arguments' as const, delta }] : [])]
  }

  return {
    get begun() { return calls.length > 0 },
    take(deltas) {
      for (const delta of deltas) {
        const call = callOf(delta)
        if (call.name === '') call.name = delta.name ?? ''
        call.held += delta.argumentsDelta
        if (call.held.length + call.written > MAX_ARGUMENT_CHARACTERS) throw new ChatCallError('arguments without end')
      }
      return calls[0] ? pass(calls[0]) : []
    },
    finish() {
      if (calls.some(call => call.name === '')) throw new ChatCallError('a call without a name')
      return calls.flatMap(call => call.written > 0 && call.held === '' ? [] : pass(call))
    },
  }
}
