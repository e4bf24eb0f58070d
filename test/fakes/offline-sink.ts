import { createPlayout, type PlayoutCommand, type PlayoutReport } from '@kaiwa/audio'
import type { PlaybackSink } from '../../app/voice/playback-sink.ts'

/** The real playout behind the player's sink, with a device that turns only when a test says so. */
export interface OfflineSink extends PlaybackSink {
  latencyMs: number
  /** Commands wait (as in a port) until `deliver` or `turn`. @default false: they arrive at once */
  held: boolean
  deliver(): void
  /** Lets the device play for so long. */
  turn(ms: number): void
  /** Every sample that left the device. */
  readonly output: number[]
  readonly commands: PlayoutCommand[]
  readonly closed: boolean
}

const QUANTUM = 128

export function createOfflineSink(contextRate = 48_000): OfflineSink {
  let listener: (report: PlayoutReport) => void = () => {}
  let waiting: PlayoutCommand[] = []
  let frames = 0
  let closed = false
  const playout = createPlayout({ contextRate }, report => listener({ ...report }))
  const quantum = new Float32Array(QUANTUM)
  const output: number[] = []
  const commands: PlayoutCommand[] = []
  const sink: OfflineSink = {
    latencyMs: 0,
    held: false,
    output,
    commands,
    get closed() { return closed },
    send(command) {
      commands.push(command)
      waiting.push(command)
      if (!sink.held) sink.deliver()
    },
    deliver() {
      const arrived = waiting
      waiting = []
      for (const command of arrived) playout.receive(command)
    },
    turn(ms) {
      for (frames += ms * contextRate / 1000; frames >= QUANTUM; frames -= QUANTUM) {
        playout.process(quantum)
        output.push(...quantum)
      }
    },
    onReport(next) { listener = next },
    route() {},
    close() { closed = true },
  }
  return sink
}
