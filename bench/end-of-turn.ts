/**
 * The end of a turn: how often a speaker is cut off, and how long one who has finished waits. Run: `npx node bench/end-of-turn.ts`.
 *
 * Recordings of people, and sentences in the embedded voices with pauses put in, are heard once; every rule then judges the same
 * speech probabilities and partial words. Approximations: after a cut the recogniser isn't started anew, so the rest is judged by the
 * words of the whole; partial words are one frame (32 ms) late; the voices pause where people would, but don't sound hesitant.
 */
import type { SemanticVad } from '@kaiwa/protocol'
import { silenceNeededMs } from '../packages/engine/src/endpointing.ts'
import { stepTurn, turnDetectorDefaults, type Turn } from '../packages/engine/src/turn-detector.ts'
import { traceUtterances, type Trace } from './end-of-turn-traces.ts'

interface Rule { name: string, silenceMs: (partial: string) => number }
/** `waitMs`: from the real end of speech to the turn's end. */
interface Outcome { cut: boolean, waitMs: number }

const fixed = (ms: number): Rule => ({ name: `server_vad ${ms} ms`, silenceMs: () => ms })
const adaptive = (eagerness: SemanticVad['eagerness']): Rule => ({ name: `semantic_vad ${eagerness}`, silenceMs: partial => silenceNeededMs(partial, eagerness) })
const rules = [fixed(200), fixed(500), fixed(700), adaptive('high'), adaptive('medium'), adaptive('auto'), adaptive('low')]

function judge({ frames, endOfSpeechMs }: Trace, rule: Rule): Outcome {
  let turn: Turn = { phase: 'listening' }
  const ends: number[] = []
  for (const frame of frames) {
    const [next, effect] = stepTurn(turn, frame, { ...turnDetectorDefaults, threshold: 0.5, prefixMs: 300, silenceMs: rule.silenceMs(frame.partial) })
    turn = next
    if (effect?.type === 'speech_stopped') ends.push(effect.audioEndMs)
  }
  return { cut: ends.some(end => end < endOfSpeechMs), waitMs: (ends.at(-1) ?? frames.at(-1)!.endMs) - endOfSpeechMs }
}

const quantile = (values: number[], q: number) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!

function row(name: string, outcomes: (Outcome & Pick<Trace, 'kind'>)[]): string {
  const cut = (kind?: Trace['kind']) => {
    const some = outcomes.filter(outcome => !kind || outcome.kind === kind)
    return some.length > 0 ? `${some.filter(outcome => outcome.cut).length}/${some.length}` : '–'
  }
  const waits = outcomes.map(outcome => outcome.waitMs)
  const cells = [cut('people'), cut('fluent'), cut('hesitant'), cut(), quantile(waits, 0.5).toFixed(0), quantile(waits, 0.95).toFixed(0)]
  return name.padEnd(22) + cells.map(cell => cell.padStart(11)).join('')
}

function print(title: string, traces: Trace[]): void {
  console.log(`\n${title}: ${traces.length} utterances, those cut off, and the wait in ms`)
  console.log(' '.repeat(22) + ['people', 'one breath', 'pausing', 'all', 'p50', 'p95'].map(cell => cell.padStart(11)).join(''))
  for (const rule of rules) console.log(row(rule.name, traces.map(trace => ({ kind: trace.kind, ...judge(trace, rule) }))))
}

const traces = await traceUtterances()
print('The rules were made with these in view', traces.filter(trace => !trace.unseen))
print('Unseen', traces.filter(trace => trace.unseen))
