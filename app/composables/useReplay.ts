import type { Score } from '../replay/replay-score.ts'
import { createReplay } from '../replay/replay.ts'
import type { Replay, ReplayState } from '../replay/replay.ts'

/** A replay as Vue sees it: `state` is replaced, never changed. Closes with the scope that made it. */
export function useReplay(score: Score): { replay: Replay, state: Readonly<{ value: ReplayState }> } {
  const replay = createReplay(score, {
    nowMs: () => performance.now(),
    onNextFrame(callback) {
      const id = requestAnimationFrame(callback)
      return () => cancelAnimationFrame(id)
    },
  })
  const state = shallowRef(replay.state)
  replay.subscribe(next => { state.value = next })
  onScopeDispose(replay.close)
  return { replay, state }
}
