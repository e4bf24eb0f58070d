import { once } from 'node:events'
import { WebSocket } from 'ws'

/** WebDriver BiDi (W3C), as little of it as a test needs: commands with answers, and events. */

const ANSWER_TIMEOUT_MS = 20_000

export interface BidiEvent { method: string, params: Record<string, unknown> }

export interface Bidi {
  /** @throws Error with the browser's words, or after 20 s without an answer */
  ask<T = Record<string, unknown>>(method: string, params: object): Promise<T>
  onEvent(listener: (event: BidiEvent) => void): void
  close(): void
}

type Answer = { id: number | null, type: 'success', result: unknown } | { id: number | null, type: 'error', error: string, message: string } | ({ type: 'event' } & BidiEvent)

export async function connectBidi(address: string): Promise<Bidi> {
  const socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 2 ** 28 })
  await once(socket, 'open')
  const waiting = new Map<number, { resolve: (result: unknown) => void, reject: (error: Error) => void }>()
  const listeners = new Set<(event: BidiEvent) => void>()
  let lastId = 0
  socket.on('error', () => undefined)
  socket.on('message', data => {
    const answer = JSON.parse(String(data)) as Answer
    if (answer.type === 'event') return listeners.forEach(listener => listener(answer))
    const asked = waiting.get(answer.id ?? -1)
    if (answer.type === 'success') asked?.resolve(answer.result)
    else asked?.reject(new Error(`${answer.error}: ${answer.message}`))
  })
  socket.on('close', () => waiting.forEach(({ reject }) => reject(new Error('The browser is gone.'))))
  return {
    async ask<T>(method: string, params: object) {
      const id = ++lastId
      let timer: ReturnType<typeof setTimeout> | undefined
      const answered = new Promise<unknown>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        timer = setTimeout(() => reject(new Error(`${method}: no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)), ANSWER_TIMEOUT_MS)
        socket.send(JSON.stringify({ id, method, params }))
      })
      return await answered.finally(() => {
        clearTimeout(timer)
        waiting.delete(id)
      }) as T
    },
    onEvent(listener) { listeners.add(listener) },
    close() { socket.close() },
  }
}
