import { parentPort } from 'node:worker_threads'
import type { FromWorker, Operations, Request } from './channel.ts'

export type Handlers<O extends Operations> = { [K in keyof O]: (request: O[K]['request']) => O[K]['answer'] | Promise<O[K]['answer']> }

/**
 * Runs a worker: loads, says `ready` or `unable`, then serves one request after the other. A handler that throws refuses that
 * request only. Requests that come while loading wait in the port.
 */
export async function serveWorker<O extends Operations>(load: () => Handlers<O> | Promise<Handlers<O>>): Promise<void> {
  const port = parentPort
  if (!port) throw new Error('This file runs as a worker only.')
  const send = (message: FromWorker) => port.postMessage(message)
  let handlers: Handlers<O>
  try {
    handlers = await load()
  } catch (error) {
    send({ kind: 'unable', why: sentenceOf(error) })
    return
  }
  send({ kind: 'ready' })
  let previous = Promise.resolve()
  const serve = async ({ id, operation, request }: Request) => {
    try {
      const handler = handlers[operation]
      if (!handler) throw new Error(`The worker knows no operation ${operation}.`)
      send({ kind: 'answer', id, answer: await handler(request) })
    } catch (error) {
      send({ kind: 'refused', id, why: sentenceOf(error) })
    }
  }
  port.on('message', (message: Request) => { previous = previous.then(() => serve(message)) })
}

function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return /[.!?]$/.test(text) ? text : `${text}.`
}
