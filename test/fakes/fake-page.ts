import type { CallSnapshot, CallStateName, VoiceSession } from '../../app/voice/call.ts'
import { createEncoder } from '../../app/voice/encoder.ts'
import { lifelessPage } from '../../app/voice/page-life.ts'
import { createTimeline } from '../../app/voice/timeline.ts'
import type { Transport } from '../../app/voice/transport.ts'
import { createVoiceSession } from '../../app/voice/voice-session.ts'
import { createFakeMicrophone } from './fake-microphone.ts'
import { createFakeOutput } from './fake-output.ts'
import { createFakeElement } from './fake-remote-voice.ts'
import { createFakePlayer } from './fake-player.ts'
import type { FakePlayer } from './fake-player.ts'
import { createPageTime } from './page-time.ts'
import type { PageTime } from './page-time.ts'
import { scriptSession } from './scripted-session.ts'
import { createScriptedTransport } from './scripted-transport.ts'
import type { ScriptedTransport } from './scripted-transport.ts'

/** A voice session in a page without a browser: everything around it is fake, and counted. */
export interface FakePageOptions {
  /** Time to share with what answers. */
  time?: PageTime
  openTransport?: () => Transport
  createPlayer?: () => Promise<FakePlayer>
  createAudioContext?: () => AudioContext
  resume?: () => Promise<void>
  /** The transport carries the voices. */
  media?: boolean
}

export function createFakePage(options: FakePageOptions = {}) {
  const { time = createPageTime() } = options
  const microphone = createFakeMicrophone()
  const contexts: FakeContext[] = []
  const transports: ScriptedTransport[] = []
  const players: FakePlayer[] = []
  const snapshots: CallSnapshot[] = []
  let ids = 0
  const element = createFakeElement()

  const session: VoiceSession = createVoiceSession({
    openTransport: options.openTransport ?? (() => {
      transports.push(createScriptedTransport({ media: options.media }))
      return transports.at(-1)!
    }),
    createAudioContext: options.createAudioContext ?? (() => {
      const context = createFakeContext(time.nowMs, options.resume)
      contexts.push(context)
      return context.context
    }),
    page: lifelessPage,
    holds: [],
    openMicrophone: microphone.open,
    remoteVoice: { createElement: () => element as unknown as HTMLAudioElement, openEar: () => () => {} },
    openOutput: async () => createFakeOutput(),
    async createPlayer() {
      const player = options.createPlayer ? await options.createPlayer() : createFakePlayer()
      players.push(player)
      return player
    },
    createEncoder,
    createTimeline,
    pageMs: time.nowMs,
    epochMs: () => 1_700_000_000_000 + time.nowMs(),
    setTimer: time.setTimer,
    onNextFrame: time.onNextFrame,
    newSegmentId: () => `item_typed${++ids}`,
  })
  session.subscribe(snapshot => snapshots.push(snapshot))

  return {
    session, time, microphone, transports, players, snapshots, element,
    get transport() { return transports.at(-1)! },
    get server() { return scriptSession(transports.at(-1)!) },
    get player() { return players.at(-1)! },
    get state(): CallStateName { return session.snapshot.state.name },
    /** Names of the states shown so far, each once in a row. */
    get states(): CallStateName[] { return snapshots.map(({ state }) => state.name).filter((name, i, all) => name !== all[i - 1]) },
    get texts() { return session.snapshot.turns.map(({ segment }) => `${segment.speaker}: ${segment.text}`) },
    /** First samples of the audio sent, in order. */
    get heardByServer(): number[] {
      return transports.at(-1)!.sentOf('input_audio_buffer.append').flatMap(({ audio }) => {
        const bytes = Buffer.from(audio, 'base64')
        return Array.from({ length: bytes.length / 1920 }, (_, i) => bytes.readInt16LE(i * 1920))
      })
    },
    /** What a call that is over must have none of. */
    get leftOpen() {
      return {
        tracks: microphone.openTracks,
        lines: transports.filter(({ isClosed }) => !isClosed).length,
        contexts: contexts.filter(({ context }) => context.state !== 'closed').length,
        players: players.filter(({ closed }) => !closed).length,
        timers: time.pendingTimers,
      }
    },
    /** A call with microphone and line, listening. */
    async talk() {
      void session.start()
      microphone.allow()
      await time.settle()
      scriptSession(transports.at(-1)!).open()
      await time.settle()
    },
  }
}

export type FakePage = ReturnType<typeof createFakePage>
export const nothingOpen = { tracks: 0, lines: 0, contexts: 0, players: 0, timers: 0 }

interface FakeContext { context: AudioContext }

function createFakeContext(nowMs: () => number, resume?: () => Promise<void>): FakeContext {
  const zeroMs = nowMs()
  const context = {
    state: 'suspended' as AudioContextState,
    sampleRate: 48_000,
    onstatechange: null as (() => void) | null,
    get currentTime() { return (nowMs() - zeroMs) / 1000 },
    async resume() {
      await resume?.()
      if (context.state === 'suspended') context.state = 'running'
      context.onstatechange?.()
    },
    async close() { context.state = 'closed' },
  }
  return { context: context as unknown as AudioContext }
}
