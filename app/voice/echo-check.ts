import { estimateEcho, probeSignal, type EchoEstimate, type EchoRecording } from '@kaiwa/audio'
import { contextThatTakes } from './capture-context.ts'
import type { ChosenOutput } from './chosen-output.ts'
import type { EchoRecorder } from './echo-recorder.ts'
import { microphoneFault, type MicrophoneFault } from './microphone-fault.ts'
import { stopTracks, wishes } from './microphone-stream.ts'
import type { Output } from './output.ts'
import type { PlaybackPath, VoiceSettings } from './voice-settings.ts'

/** Looks, before or beside a call, at what the microphone hears: the room, and the page's own loudspeaker. Everything stays in the page. */

/** `quiet`: the room · `sound`: the probe, as calls are · `compare`: the same without the browser's echo cancellation · `line`: to the server. */
export const checkSteps = ['microphone', 'quiet', 'sound', 'compare', 'line'] as const
export type CheckStep = typeof checkSteps[number]

/** Undefined: there is none. `unknown`: it could not be measured. */
export type MeasuredEcho = EchoEstimate | undefined | 'unknown'

export interface EchoMeasurements {
  microphone: {
    /** Root mean square of the quiet room, 0 to 1. */
    noiseLevel: number
    /** The largest magnitude in all that was recorded; 0: not even the noise of a microphone. */
    peak: number
    /** Share of samples at the limit while the probe sounded. */
    clipped: number
  }
  /** As calls are. */
  echo: EchoEstimate | undefined
  /** Without the browser's echo cancellation. */
  rawEcho: MeasuredEcho
  playback: { path: PlaybackPath, /** Why it isn't the way that was asked for. */ reason: string | undefined }
  line: { transport: string, /** Median; undefined: the server did not answer. */ roundTripMs: number | undefined }
}

export type CheckSettings = Pick<VoiceSettings, 'microphoneId' | 'speakerId' | 'volume' | 'playbackPath' | 'noiseFilter'>

export interface EchoCheckParts {
  mediaDevices: Pick<MediaDevices, 'getUserMedia'> | undefined
  createAudioContext: (options?: AudioContextOptions) => AudioContext
  openOutput: (context: AudioContext, path: PlaybackPath) => Promise<ChosenOutput>
  openRecorder: (context: AudioContext, stream: MediaStream, output: Output) => Promise<EchoRecorder>
  /** One question to the server and its answer. */
  askServer: () => Promise<void>
  transport: string
  nowMs: () => number
}

export interface EchoCheckOptions {
  settings: CheckSettings
  /** False beside a call, whose microphone some browsers change along. */
  compare: boolean
  onStep: (step: CheckStep) => void
  signal: AbortSignal
}

export type EchoCheckResult = { ok: true, measurements: EchoMeasurements } | { ok: false, fault: MicrophoneFault | { code: 'audio_failed' | 'cancelled', detail: string } }

const QUIET_MS = 1000
const BEFORE_MS = 300
const PROBE_MS = 1000
/** The longest echo that is looked for, and its end. */
const AFTER_MS = 1100
const QUESTIONS = 5
const LIMIT = 0.985

/** Never rejects. Microphone, sound and context are let go of, however it ends. */
export async function runEchoCheck(parts: EchoCheckParts, options: EchoCheckOptions): Promise<EchoCheckResult> {
  const { settings, signal, onStep } = options
  let context: AudioContext | undefined
  let output: Awaited<ReturnType<EchoCheckParts['openOutput']>> | undefined
  try {
    onStep('microphone')
    if (!parts.mediaDevices) return { ok: false, fault: { code: 'insecure_page', detail: 'Browsers give pages a microphone only over HTTPS or on localhost.' } }
    context = parts.createAudioContext()
    await context.resume()
    const stream = await openStream({ parts, settings, signal }, {})
    try {
      context = contextThatTakes(context, stream, parts.createAudioContext)
      output = await parts.openOutput(context, settings.playbackPath)
    } catch (error) {
      stopTracks(stream)
      throw error
    }
    output.setVolume(settings.volume)
    if (settings.speakerId !== undefined) await output.setDevice(settings.speakerId)
    const sounding = { parts, settings, signal, context, output }
    const asUsed = await withRecorder(sounding, stream, recorder => measureAsUsed(recorder, onStep, signal))
    const raw = options.compare ? await measureRaw(sounding, onStep) : undefined
    onStep('line')
    const roundTripMs = await measureLine(parts)
    signal.throwIfAborted()
    const playback = { path: output.path ?? 'direct', reason: output.reason }
    return { ok: true, measurements: combine(asUsed, raw, playback, { transport: parts.transport, roundTripMs }) }
  } catch (error) {
    if (signal.aborted) return { ok: false, fault: { code: 'cancelled', detail: 'The check was stopped.' } }
    return { ok: false, fault: error instanceof StreamRefused ? error.fault : { code: 'audio_failed', detail: String(error) } }
  } finally {
    output?.close()
    if (context && context.state !== 'closed') void context.close().catch(() => {})
  }
}

interface Room { parts: EchoCheckParts, settings: CheckSettings, signal: AbortSignal }
type SoundingRoom = Room & { context: AudioContext, output: Output }
interface AsUsed { quiet: EchoRecording, probed: EchoRecording, echo: EchoEstimate | undefined }

class StreamRefused extends Error {
  readonly fault: MicrophoneFault
  constructor(fault: MicrophoneFault) {
    super(fault.detail)
    this.fault = fault
  }
}

async function openStream({ parts, settings, signal }: Room, change: MediaTrackConstraints): Promise<MediaStream> {
  const device = settings.microphoneId === undefined ? {} : { deviceId: { ideal: settings.microphoneId } }
  try {
    const stream = await parts.mediaDevices!.getUserMedia({ audio: { ...wishes(settings.noiseFilter), ...device, ...change } })
    if (signal.aborted) stopTracks(stream)
    signal.throwIfAborted()
    return stream
  } catch (error) {
    throw signal.aborted ? error : new StreamRefused(microphoneFault(error))
  }
}

/** Closes recorder and stream afterwards. */
async function withRecorder<T>({ parts, context, output }: SoundingRoom, stream: MediaStream, work: (recorder: EchoRecorder) => Promise<T>): Promise<T> {
  let recorder: EchoRecorder | undefined
  try {
    recorder = await parts.openRecorder(context, stream, output)
    return await work(recorder)
  } finally {
    recorder?.close()
    stopTracks(stream)
  }
}

function recordProbe(recorder: EchoRecorder): Promise<EchoRecording> {
  const samples = probeSignal({ sampleRate: recorder.sampleRate, lengthMs: PROBE_MS })
  return recorder.record(BEFORE_MS + PROBE_MS + AFTER_MS, { samples, beforeMs: BEFORE_MS })
}

async function measureAsUsed(recorder: EchoRecorder, onStep: EchoCheckOptions['onStep'], signal: AbortSignal): Promise<AsUsed> {
  onStep('quiet')
  const quiet = await recorder.record(QUIET_MS)
  signal.throwIfAborted()
  onStep('sound')
  const first = await recordProbe(recorder)
  signal.throwIfAborted()
  if (!estimateEcho(first)) return { quiet, probed: first, echo: undefined }
  // A canceller has to hear a room before it knows it: what counts is the second time.
  const second = await recordProbe(recorder)
  signal.throwIfAborted()
  return { quiet, probed: second, echo: estimateEcho(second) }
}

/** Undefined where a browser doesn't let go of its processing. */
async function measureRaw(room: SoundingRoom, onStep: EchoCheckOptions['onStep']): Promise<EchoRecording | undefined> {
  onStep('compare')
  const stream = await openStream(room, { echoCancellation: false, noiseSuppression: false, autoGainControl: false }).catch((error: unknown) => {
    if (room.signal.aborted) throw error
  })
  if (!stream) return undefined
  const recording = await withRecorder(room, stream, async recorder => {
    const stillOn = stream.getTracks().some(track => track.getSettings?.().echoCancellation === true)
    return stillOn ? undefined : await recordProbe(recorder)
  })
  room.signal.throwIfAborted()
  return recording
}

async function measureLine({ askServer, nowMs }: EchoCheckParts): Promise<number | undefined> {
  const times: number[] = []
  for (let i = 0; i < QUESTIONS; i++) {
    const before = nowMs()
    const answered = await askServer().then(() => true, () => false)
    if (answered) times.push(nowMs() - before)
    // Who doesn't answer once will not the other times.
    else if (times.length === 0) return undefined
  }
  return times.sort((a, b) => a - b)[times.length >> 1]
}

function combine(asUsed: AsUsed, raw: EchoRecording | undefined, playback: EchoMeasurements['playback'], line: EchoMeasurements['line']): EchoMeasurements {
  const { quiet, probed, echo } = asUsed
  return {
    microphone: {
      noiseLevel: Math.sqrt(quiet.microphone.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, quiet.microphone.length)),
      peak: Math.max(peakOf(quiet), peakOf(probed), raw ? peakOf(raw) : 0),
      clipped: Math.max(clippedShare(probed), raw ? clippedShare(raw) : 0),
    },
    echo, rawEcho: raw ? estimateEcho(raw) : 'unknown', playback, line,
  }
}

const peakOf = ({ microphone }: EchoRecording) => microphone.reduce((largest, sample) => Math.max(largest, Math.abs(sample)), 0)
const clippedShare = ({ microphone }: EchoRecording) => microphone.filter(sample => Math.abs(sample) >= LIMIT).length / Math.max(1, microphone.length)
