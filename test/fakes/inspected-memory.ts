import { WebSocket } from 'ws'

/** Bytes of a Node process after a full collection: what it keeps, and no garbage. */
export interface KeptMemory {
  /** Objects. */
  heapUsed: number
  /** Memory outside the heap that objects of it keep alive, buffers among it. */
  external: number
  rss: number
}

/** Asks a process that was started with `--inspect=127.0.0.1:0`, by what it printed. The process needs no code for this. */
export interface MemoryInspector {
  kept(): Promise<KeptMemory>
  close(): void
}

const ANSWER_MS = 30_000

export async function inspectMemory(printed: string): Promise<MemoryInspector> {
  const url = /Debugger listening on (ws:\S+)/.exec(printed)?.[1]
  if (!url) throw new Error('The process was not started with --inspect=127.0.0.1:0.')
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const waiting = new Map<number, (result: unknown) => void>()
  socket.on('message', data => {
    const { id, result } = JSON.parse(String(data)) as { id?: number, result: unknown }
    if (id !== undefined) waiting.get(id)?.(result)
  })
  let asked = 0

  function ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++asked
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The inspector didn't answer ${method}.`)), ANSWER_MS)
      waiting.set(id, result => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(result)
      })
      socket.send(JSON.stringify({ id, method, params }))
    })
  }

  return {
    async kept() {
      // Buffers are let go by the first, and their memory by the next.
      for (let n = 0; n < 3; n++) await ask('HeapProfiler.collectGarbage')
      const answer = await ask('Runtime.evaluate', { expression: 'JSON.stringify(process.memoryUsage())' }) as { result: { value: string } }
      return JSON.parse(answer.result.value) as KeptMemory
    },
    close: () => socket.close(),
  }
}
