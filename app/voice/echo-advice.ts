import type { EchoEstimate } from '@kaiwa/audio'
import type { EchoMeasurements } from './echo-check.ts'
import type { EchoFloor } from './echo-floor.ts'
import { UNMEASURED_TAIL_MS } from './half-duplex.ts'
import type { VoiceSettings } from './voice-settings.ts'

/** What the check found, each with its own words in the page. `good`: nothing to do · `note`: worth knowing · `problem`: with a way out. */
export interface Finding { code: FindingCode, tone: 'good' | 'note' | 'problem', values: Readonly<Record<string, number>> }

export const findingCodes = [
  'mic_dead', 'mic_low', 'mic_clips', 'room_loud',
  'echo_none', 'echo_cancelled', 'echo_faint', 'echo_try_loopback', 'echo_half_duplex', 'echo_loud', 'echo_late',
  'loopback_failed', 'line_good', 'line_slow', 'line_down',
] as const
export type FindingCode = typeof findingCodes[number]

export interface EchoAdvice {
  /** What had better be set otherwise than it is; empty: all is well. */
  settings: Partial<VoiceSettings>
  findings: Finding[]
}

/** Less than the last of 16 bits. */
const DEAD_PEAK = 1e-5
/** −75 dB at the loudest. */
const LOW_PEAK = 0.00018
/** One sample in a thousand. */
const CLIPPED = 0.001
/** −40 dB. */
const LOUD_ROOM = 0.01
/** An answer as loud as voices are made. */
const ANSWER_LEVEL = 0.1
/** −55 dB: below it no voice is heard in what comes back. */
const HARMLESS_LEVEL = 0.0018
/** A canceller that takes off less doesn't know what is played. */
const CANCELS_DB = 10
/** Louder in the microphone than half of what is played. */
const LOUD_ECHO_DB = 6
const LATE_MS = 300
const SLOW_LINE_MS = 300
/** The room's own time after the last reflection that was seen, and one frame. */
const TAIL_MARGIN_MS = 60
const MAX_TAIL_MS = 800

type Current = Pick<VoiceSettings, 'playbackPath' | 'halfDuplex' | 'noiseReduction'>

/** What to do about what was measured. Pure. */
export function adviceOf(measured: EchoMeasurements, current: Current): EchoAdvice {
  const microphone = microphoneFindings(measured)
  // What a dead microphone doesn't hear says nothing about the room.
  if (microphone.some(({ code }) => code === 'mic_dead')) return { settings: {}, findings: [...microphone, lineFinding(measured)] }
  const echo = echoAdvice(measured, current)
  return { settings: onlyChanges(echo.settings, current), findings: [...microphone, ...echo.findings, lineFinding(measured)] }
}

/** What the gate needs to know of this room. */
export function floorOf({ echo, microphone }: EchoMeasurements): EchoFloor | undefined {
  if (!echo) return undefined
  return { lossDb: echo.lossDb, noiseLevel: microphone.noiseLevel, tailMs: Math.min(MAX_TAIL_MS, Math.round(echo.delayMs + echo.decayMs) + TAIL_MARGIN_MS) }
}

const finding = (tone: Finding['tone'], code: FindingCode, values: Finding['values'] = {}): Finding => ({ code, tone, values })
const decibels = (level: number) => Math.round(20 * Math.log10(Math.max(level, 1e-6)))

function microphoneFindings({ microphone: { peak, clipped, noiseLevel } }: EchoMeasurements): Finding[] {
  if (peak < DEAD_PEAK) return [finding('problem', 'mic_dead')]
  if (peak < LOW_PEAK) return [finding('problem', 'mic_low', { db: decibels(peak) })]
  return [
    ...(clipped > CLIPPED ? [finding('problem', 'mic_clips', { percent: Math.ceil(clipped * 100) })] : []),
    ...(noiseLevel > LOUD_ROOM ? [finding('note', 'room_loud', { db: decibels(noiseLevel) })] : []),
  ]
}

function echoAdvice(measured: EchoMeasurements, current: Current): EchoAdvice {
  const { echo, rawEcho, playback } = measured
  const failed = playback.reason === undefined ? [] : [finding('note', 'loopback_failed')]
  if (!echo || isHarmless(echo, measured)) {
    return { settings: { halfDuplex: false, ...noiseReductionFor(measured) }, findings: [...failed, quietFinding(measured)] }
  }
  const late = echo.delayMs > LATE_MS ? [finding('note', 'echo_late', { delayMs: Math.round(echo.delayMs) })] : []
  const loud = echo.lossDb < LOUD_ECHO_DB ? [finding('problem', 'echo_loud')] : []
  const values = { delayMs: Math.round(echo.delayMs), lossDb: Math.round(echo.lossDb) }
  const cancels = rawEcho !== 'unknown' && rawEcho !== undefined && echo.lossDb - rawEcho.lossDb >= CANCELS_DB
  // A canceller that works, and leaves too much all the same, gains nothing from another way.
  if (current.playbackPath === 'direct' && !cancels && !current.halfDuplex) {
    return { settings: { playbackPath: 'loopback', noiseReduction: 'far_field' }, findings: [finding('problem', 'echo_try_loopback', values), ...loud, ...late] }
  }
  const settings = { halfDuplex: true, noiseReduction: 'far_field' as const, echoFloor: floorOf(measured) }
  return { settings, findings: [...failed, finding('problem', 'echo_half_duplex', { ...values, tailMs: settings.echoFloor?.tailMs ?? UNMEASURED_TAIL_MS }), ...loud, ...late] }
}

function quietFinding({ echo, rawEcho }: EchoMeasurements): Finding {
  if (echo) return finding('good', 'echo_faint', { lossDb: Math.round(echo.lossDb) })
  if (rawEcho === 'unknown' || rawEcho === undefined) return finding('good', 'echo_none')
  return finding('good', 'echo_cancelled', { lossDb: Math.round(rawEcho.lossDb) })
}

/** Who hears the loudspeaker sits in a room, not under a headset. */
function noiseReductionFor({ echo, rawEcho }: EchoMeasurements): Partial<VoiceSettings> {
  return echo || (rawEcho !== undefined && rawEcho !== 'unknown') ? { noiseReduction: 'far_field' } : {}
}

function isHarmless({ lossDb }: EchoEstimate, { microphone: { noiseLevel } }: EchoMeasurements): boolean {
  return ANSWER_LEVEL * 10 ** (-lossDb / 20) < Math.max(HARMLESS_LEVEL, noiseLevel)
}

function lineFinding({ line: { roundTripMs } }: EchoMeasurements): Finding {
  if (roundTripMs === undefined) return finding('problem', 'line_down')
  const values = { ms: Math.max(1, Math.round(roundTripMs)) }
  return roundTripMs > SLOW_LINE_MS ? finding('note', 'line_slow', values) : finding('good', 'line_good', values)
}

function onlyChanges(wanted: Partial<VoiceSettings>, current: Current): Partial<VoiceSettings> {
  const known = current as Partial<VoiceSettings>
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => known[name as keyof VoiceSettings] !== value))
}
