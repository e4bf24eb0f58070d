import type { Clock } from './engine.ts'
import { StageError } from './stages.ts'
import type { StageName } from './stages.ts'

/** The session, or the reply, that waited is over: nobody wants the result any more. */
export class Abandoned extends Error {
  constructor() {
    super('abandoned')
    this.name = 'Abandoned'
  }
}

export interface DeadlineOptions { clock: Clock, stage: StageName, withinMs: number, signal?: AbortSignal }

/**
 * Waits for a stage no longer than `withinMs`.
 * @throws {StageError} the stage rejected, or took too long. @throws {Abandoned} the signal fired first.
 */
export function within<T>(work: Promise<T>, { clock, stage, withinMs, signal }: DeadlineOptions): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abandon = () => settle(() => reject(new Abandoned()))
    const stopTimer = clock.setTimer(() => settle(() => reject(new StageError(stage, `${stage} did not answer within ${withinMs} ms`))), withinMs)
    let settled = false
    const settle = (how: () => void) => {
      if (settled) return
      settled = true
      stopTimer()
      signal?.removeEventListener('abort', abandon)
      how()
    }
    work.then(value => settle(() => resolve(value)), (cause: unknown) => settle(() => reject(asStageError(stage, cause))))
    if (signal?.aborted) abandon()
    else signal?.addEventListener('abort', abandon, { once: true })
  })
}

/** Whatever a stage threw, as a StageError: foreign text stays in `cause`, not in the sentence that clients see. */
export function asStageError(stage: StageName, cause: unknown): StageError {
  return cause instanceof StageError ? cause : new StageError(stage, `${stage} failed`, { cause })
}

/** A stage's stream with a deadline on every piece; the stream is told to stop when the reader leaves. */
export async function* pieces<T>(open: () => AsyncIterable<T>, options: DeadlineOptions): AsyncGenerator<T, void, undefined> {
  const iterator = await within(Promise.resolve().then(() => open()[Symbol.asyncIterator]()), options)
  try {
    while (true) {
      const next = await within(Promise.resolve().then(() => iterator.next()), options)
      if (next.done) return
      yield next.value
    }
  } finally {
    // Not awaited: a stage that hangs would hang us; its own failure is no longer of interest.
    void Promise.resolve().then(() => iterator.return?.()).catch(() => {})
  }
}
