/** A process with nothing but the engine and so many callers; prints one line of JSON. Bundled and started by callers.ts. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createResampler, encodePcm16, floatToPcm16, pcm16FromBytes, pcm16ToFloat } from '@kaiwa/audio'
import { createEngine, createOfflineResponder, type Engine } from '@kaiwa/engine'
import { createNodeStages } from '../server/engine/stages.ts'

export interface CallersFigures {
  callers: number
  /** Spoken in the time that was measured, and those of them whose answer began. */
  turns: number
  answered: number
  p50Ms: number
  p95Ms: number
  worstMs: number
  cpuSecondsPerCallerMinute: number
  /** Resident: Node alone, stages loaded, most of all. */
  emptyMb: number
  readyMb: number
  peakMb: number
  by: string
}

interface Setup { callers: number, seconds: number, assetsDir: string, modelsDir: string, speechDir: string, ears: string, voice: string }

const FRAME_MS = 100
const FRAME_SAMPLES = 2_400
const TURN_MS = 10_000
const WARM_UP_MS = 10_000

const { callers, seconds, assetsDir, modelsDir, speechDir, ears, voice } = JSON.parse(process.argv[2]!) as Setup
const residentMb = () => process.memoryUsage.rss() / 1e6

/** Every recording as frames of base64, as a microphone sends them. */
function readRecordings(): string[][] {
  return readdirSync(speechDir).filter(name => name.endsWith('.wav')).toSorted().map(name => {
    const resampler = createResampler({ inputRate: 16_000, outputRate: 24_000 })
    const samples = pcm16ToFloat(pcm16FromBytes(readFileSync(join(speechDir, name)).subarray(44))!)
    return framesOf(Int16Array.from([resampler.process(samples), resampler.flush()].flatMap(piece => [...floatToPcm16(piece)])))
  })
}

function framesOf(samples: Int16Array): string[] {
  const frames = []
  for (let at = 0; at < samples.length; at += FRAME_SAMPLES) frames.push(encodePcm16(samples.subarray(at, at + FRAME_SAMPLES)))
  return frames
}

interface Turn { stoppedAtMs: number, firstAudioAtMs: number | undefined }
interface Caller { turns: Turn[], frame(atFrame: number): void, hangUp(): void }

/** Speaks every ten seconds, another recording each time; the callers are spread over the ten seconds unevenly, as people are. */
function dial(engine: Engine, index: number, recordings: string[][]): Caller {
  const turns: Turn[] = []
  const session = engine.openSession({ send: hear, close: () => undefined }, { model: 'kaiwa-local', voice: 'marin', session: { type: 'realtime', audio: { input: { transcription: {} } } } })
  const silence = encodePcm16(new Int16Array(FRAME_SAMPLES))
  const firstFrame = Math.floor((index * 0.618 % 1) * TURN_MS / FRAME_MS)

  function hear(text: string): void {
    if (text.startsWith('{"type":"input_audio_buffer.speech_stopped"')) turns.push({ stoppedAtMs: performance.now(), firstAudioAtMs: undefined })
    const turn = turns.at(-1)
    if (turn && text.startsWith('{"type":"response.output_audio.delta"')) turn.firstAudioAtMs ??= performance.now()
  }

  return {
    turns,
    frame(atFrame) {
      const since = atFrame - firstFrame
      const turn = Math.floor(since * FRAME_MS / TURN_MS)
      const said = since < 0 ? undefined : recordings[(index + turn) % recordings.length]![since % (TURN_MS / FRAME_MS)]
      session.receive(JSON.stringify({ type: 'input_audio_buffer.append', audio: said ?? silence }))
    },
    hangUp: () => session.close(),
  }
}

/** All microphones at real-time pace; lateness of one frame is made up for by the next. */
async function talk(lines: Caller[], fromMs: number, forMs: number, onFrame: () => void): Promise<void> {
  const startedAtMs = performance.now()
  for (let atMs = 0; atMs < forMs; atMs += FRAME_MS) {
    const dueMs = startedAtMs + atMs - performance.now()
    if (dueMs > 0) await new Promise(resolve => setTimeout(resolve, dueMs))
    for (const line of lines) line.frame((fromMs + atMs) / FRAME_MS)
    onFrame()
  }
}

const quantile = (sorted: number[], q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN

const emptyMb = residentMb()
const recordings = readRecordings()
const responder = createOfflineResponder({ now: () => new Date(), timeZone: 'UTC', random: Math.random, evaluate: async () => '42' })
const { stages, report, close } = await createNodeStages({ modelsDir, assetsDir, responder, workerUrls: { ears: new URL(ears), voice: new URL(voice) } })
const readyMb = residentMb()
const engine = createEngine({
  stages, clock: { nowMs: Date.now, setTimer(callback, delayMs) { const timer = setTimeout(callback, delayMs); return () => clearTimeout(timer) } },
  ids: prefix => `${prefix}_${crypto.randomUUID().replaceAll('-', '').slice(0, 21)}`,
})
const lines = Array.from({ length: callers }, (_, index) => dial(engine, index, recordings))
let peakMb = residentMb()
const watch = () => { peakMb = Math.max(peakMb, residentMb()) }
await talk(lines, 0, WARM_UP_MS, watch)
const measuredFromMs = performance.now()
const cpuBefore = process.cpuUsage()
await talk(lines, WARM_UP_MS, seconds * 1000, watch)
const cpu = process.cpuUsage(cpuBefore)
const measuredUntilMs = performance.now()
// The last turns may still be answered.
await talk(lines, WARM_UP_MS + seconds * 1000, 2_000, watch)
const turns = lines.flatMap(line => line.turns).filter(({ stoppedAtMs }) => stoppedAtMs >= measuredFromMs && stoppedAtMs < measuredUntilMs)
const waits = turns.flatMap(({ stoppedAtMs, firstAudioAtMs }) => firstAudioAtMs === undefined ? [] : [firstAudioAtMs - stoppedAtMs]).toSorted((a, b) => a - b)
const figures: CallersFigures = {
  callers, turns: turns.length, answered: waits.length, p50Ms: quantile(waits, 0.5), p95Ms: quantile(waits, 0.95), worstMs: waits.at(-1) ?? NaN,
  cpuSecondsPerCallerMinute: (cpu.user + cpu.system) / 1e6 / callers / ((measuredUntilMs - measuredFromMs) / 60_000),
  emptyMb, readyMb, peakMb, by: [report.vad, report.stt, report.tts].map(stage => stage.sentence).join(' '),
}
for (const line of lines) line.hangUp()
await close()
console.log(JSON.stringify(figures))
