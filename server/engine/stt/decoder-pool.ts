/**
 * Few decoders, many talkers. A decoder is about 150 MB and hears one utterance at a time, so it is leased per utterance:
 * one from the start, a second while somebody waits too long for the first.
 */
import { StageError, type Clock, type Transcript } from '@kaiwa/engine'

/** One recogniser. Calls come one after the other. */
export interface Decoder {
  start(): Promise<unknown>
  /** Up to 1 s of samples; the words so far. */
  decode(samples: Float32Array): Promise<string>
  finish(): Promise<Transcript>
  cancel(): Promise<unknown>
  close(): Promise<void>
}

export interface DecoderLease { decoder: Decoder, /** Idempotent. */ release(): void }

export interface DecoderPool {
  /** A decoder of one's own until released. `undefined` when the signal aborted first. @throws StageError when too many wait, or the pool is closed. */
  lease(signal: AbortSignal): Promise<DecoderLease | undefined>
  /** How many wait for a decoder. */
  readonly waiting: number
  /** Somebody waits: who holds a lease without need should let go. */
  readonly contended: boolean
  close(): Promise<void>
}

export interface DecoderPoolOptions {
  first: Decoder
  open: () => Decoder
  clock: Pick<Clock, 'setTimer'>
  /** @default 2 */
  maxDecoders?: number
  /** Waiting time after which another decoder is worth its memory. @default 1000 */
  growAfterMs?: number
  /** Idle time after which it is not. @default 60000 */
  shrinkAfterMs?: number
  /** Waiting talkers. Full ⇒ the next is refused: it would wait longer than anybody stays. @default 32 */
  maxWaiting?: number
}

type Waiter = (lease: DecoderLease | StageError) => void

export function createDecoderPool(options: DecoderPoolOptions): DecoderPool {
  const { first, open, clock, maxDecoders = 2, growAfterMs = 1_000, shrinkAfterMs = 60_000, maxWaiting = 32 } = options
  const decoders = new Set([first])
  const idle = [first]
  const waiters: Waiter[] = []
  let closed = false
  let cancelGrowth: (() => void) | undefined
  let cancelShrinking: (() => void) | undefined

  const leaseOf = (decoder: Decoder): DecoderLease => {
    let held = true
    return {
      decoder,
      release() {
        if (held) give(decoder)
        held = false
      },
    }
  }
  const give = (decoder: Decoder) => {
    if (closed) return
    const waiter = waiters.shift()
    if (waiter) return waiter(leaseOf(decoder))
    // The first is used first, so that the others get to rest.
    if (decoder === first) idle.push(decoder)
    else idle.unshift(decoder)
    if (decoders.size > 1) watchRest()
  }
  const watchRest = () => {
    cancelShrinking?.()
    cancelShrinking = clock.setTimer(() => {
      cancelShrinking = undefined
      for (const decoder of idle.filter(decoder => decoder !== first)) {
        idle.splice(idle.indexOf(decoder), 1)
        decoders.delete(decoder)
        void decoder.close()
      }
    }, shrinkAfterMs)
  }
  const watchQueue = () => {
    if (cancelGrowth || decoders.size >= maxDecoders) return
    cancelGrowth = clock.setTimer(() => {
      cancelGrowth = undefined
      if (closed || waiters.length === 0 || decoders.size >= maxDecoders) return
      const decoder = open()
      decoders.add(decoder)
      give(decoder)
    }, growAfterMs)
  }

  return {
    get waiting() { return waiters.length },
    get contended() { return waiters.length > 0 },
    lease(signal) {
      if (closed) return Promise.reject(new StageError('stt', 'The engine is closed.'))
      if (signal.aborted) return Promise.resolve(undefined)
      const free = idle.pop()
      if (free) return Promise.resolve(leaseOf(free))
      if (waiters.length >= maxWaiting) return Promise.reject(new StageError('stt', `Too many people speak at once: ${waiters.length} wait for a recogniser; say that again.`))
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiters.splice(waiters.indexOf(waiter), 1)
          resolve(undefined)
        }
        const waiter: Waiter = lease => {
          signal.removeEventListener('abort', leave)
          if (lease instanceof StageError) reject(lease)
          else resolve(lease)
        }
        waiters.push(waiter)
        signal.addEventListener('abort', leave, { once: true })
        watchQueue()
      })
    },
    async close() {
      closed = true
      cancelGrowth?.()
      cancelShrinking?.()
      for (const waiter of waiters.splice(0)) waiter(new StageError('stt', 'The engine is closed.'))
      await Promise.all([...decoders].map(decoder => decoder.close()))
    },
  }
}
