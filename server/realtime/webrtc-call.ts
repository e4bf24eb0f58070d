import type { Log } from '../log.ts'
import type { RelayFault } from '../relay/fault.ts'
import type { Gate } from '../relay/gate.ts'
import type { RelayEnd } from '../relay/relay.ts'
import { withoutChannel } from '../relay/sdp.ts'
import type { DialResult } from '../relay/upstream.ts'
import type { AnswerResult, Brain, SessionAsk } from './brain.ts'
import type { FanLink, SeatGates } from './fan-link.ts'
import { sidebandLink } from './sideband.ts'

/** What makes a call a WebRTC call: its sound goes by another way, and the relay has a sideband instead of an upstream. */
export interface WebrtcMedia {
  seat(gates: SeatGates): Gate
  /** Whether it goes on without the server's own connection to it. */
  readonly goesOnAlone: boolean
  /** Has the offer answered, then joins the call. Never rejects. `lost` is asked when the sideband drops: true, and the call goes on. */
  dial(asked: SessionAsk, signal: AbortSignal, lost: (closeCode: number) => boolean): Promise<DialResult>
  /** The call is over, as its talker sees it. */
  ended(how: RelayEnd): void
  /** Ends the sound. Idempotent; never rejects. */
  hangUp(): Promise<void>
}

export interface MediaOptions {
  brain: Pick<Brain, 'kind' | 'answer'>
  offer: string
  calledAs?: string | undefined
  fan: Pick<FanLink, 'seat' | 'attach'>
  /** Its caller has no word in the session but by way of this server. */
  locked: boolean
  goesOnAlone: boolean
  log: Pick<Log, 'error' | 'warn' | 'info'>
  callId: string
  ids: (prefix: string) => string
  setTimer(callback: () => void, delayMs: number): () => void
  /** The answer, for whoever made the offer. */
  onAnswer(sdp: string): void
  /** The talker is gone, or never got an answer. */
  onEnd(fault: RelayFault | undefined): void
}

type Answered = Extract<AnswerResult, { ok: true }>

export function createMedia(options: MediaOptions): WebrtcMedia {
  const { brain, fan, locked, log, callId: call } = options
  let answering: Promise<AnswerResult> | undefined
  let hanging: Promise<void> | undefined

  async function dial(asked: SessionAsk, signal: AbortSignal, lost: (closeCode: number) => boolean): Promise<DialResult> {
    // At an upstream the data channel would lead past us. The engine's ends here, behind the call's gate.
    const offer = locked && brain.kind !== 'local' ? withoutChannel(options.offer) : { sdp: options.offer, answerToWhole: (answer: string) => answer }
    if (!offer) return { ok: false, fault: { code: 'offer_refused', why: 'Its data channel stands before its audio.' } }
    if (!brain.answer) return { ok: false, fault: { code: 'webrtc_unavailable', why: 'Who answers here speaks over a WebSocket only.' } }
    answering = brain.answer({ sdp: offer.sdp, calledAs: options.calledAs }, asked, signal)
    const answered = await answering
    if (!answered.ok) return answered
    // The relay is over, and its hang-up waits for this answer.
    if (signal.aborted) return { ok: false, fault: { code: 'upstream_unreachable', why: 'timeout', tries: 1 } }
    return await join(answered, offer.answerToWhole(answered.sdp), signal, lost)
  }

  async function join({ channel, sideband, rejoin }: Answered, sdp: string, signal: AbortSignal, lost: (closeCode: number) => boolean): Promise<DialResult> {
    if (channel) fan.attach(channel, 'channel')
    options.onAnswer(sdp)
    const joined = await sideband(signal)
    if (!joined.ok) return joined
    const link = sidebandLink({
      line: joined.link, rejoin, lost, ids: options.ids, setTimer: options.setTimer,
      onAway: closeCode => log.warn({ call, closeCode }, 'the sideband of a WebRTC call dropped: it is joined again'),
      onBack: () => log.info({ call }, 'the sideband of a WebRTC call is joined again'),
    })
    return { ok: true, link }
  }

  async function endSound() {
    const answered = await answering
    const fault = answered?.ok ? await answered.hangUp() : undefined
    if (fault) log.error({ call, fault }, 'a WebRTC call could not be hung up: its sound may go on until its caller leaves')
  }

  return {
    seat: fan.seat,
    goesOnAlone: options.goesOnAlone,
    dial,
    ended: how => options.onEnd(how.by === 'client' ? undefined : how.fault),
    hangUp: () => hanging ??= endSound(),
  }
}
