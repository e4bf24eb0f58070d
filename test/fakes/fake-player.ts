import type { Heard } from '../../app/voice/call.ts'
import type { Player } from '../../app/voice/player.ts'

/** A player that plays as far as it is told to, and remembers every sample that was heard. */
export interface FakePlayer extends Player {
  /** So many ms are heard, through as many segments as it takes. */
  playMs(ms: number): void
  /** Segment and its first sample, of everything given. */
  readonly given: { segmentId: string, value: number }[]
  /** Ms heard, by segment. */
  readonly heardMs: ReadonlyMap<string, number>
  readonly ducked: boolean
  /** Samples run out although more are to come. */
  starve(): void
  readonly closed: boolean
}

interface Playing { segmentId: string, receivedMs: number, heardMs: number, ended: boolean }

export function createFakePlayer(): FakePlayer {
  let queue: Playing[] = []
  const done = new Map<string, Playing>()
  const dropped = new Set<string>()
  const given: FakePlayer['given'] = []
  const progress = new Set<(heard: Heard) => void>()
  const silent = new Set<(segmentId: string) => void>()
  let closed = false
  let moves = 0
  let underruns = 0
  let ducked = false
  const of = (segmentId: string) => queue.find(playing => playing.segmentId === segmentId)
  const heardOf = ({ segmentId, heardMs, receivedMs, ended }: Playing): Heard => ({ segmentId, heardMs, receivedMs, complete: ended })

  function finish() {
    for (let head = queue[0]; head?.ended && head.heardMs >= head.receivedMs; head = queue[0]) {
      queue.shift()
      done.set(head.segmentId, head)
      for (const listener of progress) listener(heardOf(head))
      for (const listener of silent) listener(head.segmentId)
    }
  }

  return {
    play(segmentId, samples) {
      if (closed || dropped.has(segmentId)) return
      given.push({ segmentId, value: samples[0] ?? 0 })
      const playing = of(segmentId) ?? { segmentId, receivedMs: 0, heardMs: 0, ended: false }
      if (!queue.includes(playing)) queue.push(playing)
      playing.receivedMs += samples.length / 24
    },
    end(segmentId) {
      const playing = of(segmentId)
      if (playing) playing.ended = true
      finish()
    },
    async interrupt() {
      ducked = false
      const [head, ...rest] = queue
      queue = []
      for (const { segmentId } of [...head ? [head] : [], ...rest]) dropped.add(segmentId)
      if (!head) return undefined
      done.set(head.segmentId, head)
      return { heard: heardOf(head), dropped: rest.map(({ segmentId }) => segmentId) }
    },
    duck() { ducked = true },
    unduck() { ducked = false },
    heard(segmentId) {
      const playing = of(segmentId) ?? done.get(segmentId)
      return playing && heardOf(playing)
    },
    get current() { return queue[0]?.segmentId },
    onProgress(listener) {
      progress.add(listener)
      return () => { progress.delete(listener) }
    },
    onSilent(listener) {
      silent.add(listener)
      return () => { silent.delete(listener) }
    },
    async moveTo() { moves++ },
    route() {},
    get stats() { return { underruns, refusedMs: 0, moves } },
    close() { closed = true },
    playMs(ms) {
      let left = ms
      while (left > 0 && queue[0]) {
        const head = queue[0]
        const step = Math.min(left, head.receivedMs - head.heardMs)
        head.heardMs += step
        left -= step
        if (step > 0) for (const listener of progress) listener(heardOf(head))
        finish()
        if (queue[0] === head) return
      }
    },
    starve() { underruns++ },
    given,
    get heardMs() {
      return new Map([...[...done.values()], ...queue].map(({ segmentId, heardMs }) => [segmentId, heardMs]))
    },
    get ducked() { return ducked },
    get closed() { return closed },
  }
}
