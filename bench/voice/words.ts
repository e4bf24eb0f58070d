import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markText, spokenChars, type TextMark } from '../../app/voice/spoken-text.ts'
import { createClauseSplitter } from '../../packages/engine/src/clause-splitter.ts'
import { createNodeStages } from '../../server/engine/stages.ts'
import { bundleWorkers } from '../engine-workers.ts'
import type { Figure } from './figure.ts'

/** How far the words that the page shows as heard are from those that were: at the ends of clauses, where the engine's own voices tell the truth. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const STEP_MS = 10
const answers = [
  'Well, the first train leaves at nine. You can buy tickets at the station, or on the way there. It takes forty minutes to the coast.',
  'There are one thousand six hundred and nine meters in a mile. In daily life, one point six kilometres is close enough. Shall I convert something?',
  'Once upon a time, a small boat lay in a quiet harbour. Nobody had sailed it for years. One morning, a girl untied the rope and stepped in.',
  'The calculation gives three hundred and sixty five. If you want, I can show the steps, one after the other. It is not long.',
  'I am not sure that I understood you. Did you say the second of May, or the second of March? Both are still free.',
  'First, heat the oven. Then mix flour, butter and sugar until it looks like sand. Add two eggs, and stir. Bake it for half an hour.',
  'Good morning. It is eight o’clock, and there is nothing in your calendar before ten. The weather stays dry, but cold.',
  'Yes. Of course, I can do that. Tell me the day, the hour, and how long it should take; I will keep it in mind.',
]
const voices = ['marin', 'cedar']

interface Clause { text: string, endChar: number, endMs: number }

const splitOf = (text: string) => {
  const splitter = createClauseSplitter()
  return [...splitter.push(text), ...splitter.flush()]
}

/** Each answer as the engine speaks it: where its clauses end, in characters and in audio. */
async function spokenAnswers(): Promise<Clause[][]> {
  const folder = join(root, 'node_modules/.cache/kaiwa-bench-words')
  const node = await createNodeStages({
    stt: 'none', tts: 'flite', vad: 'energy', modelsDir: join(root, 'data/models'), assetsDir: join(root, 'server/engine/models'),
    responder: { async* respond() { yield '' } }, workerUrls: await bundleWorkers(folder),
  })
  try {
    const { synthesizer } = node.stages
    const spoken: Clause[][] = []
    for (const voice of voices) {
      for (const answer of answers) {
        const clauses: Clause[] = []
        for (const text of splitOf(answer)) {
          let samples = 0
          for await (const piece of synthesizer.synthesize({ text, voice, speed: 1, signal: new AbortController().signal })) samples += piece.length
          const before = clauses.at(-1) ?? { endChar: 0, endMs: 0 }
          clauses.push({ text, endChar: before.endChar + text.length, endMs: before.endMs + samples * 1000 / synthesizer.sampleRate })
        }
        spoken.push(clauses)
      }
    }
    return spoken
  } finally {
    await node.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `arriving`: one clause more than is heard has come, and nobody knows of the rest. */
interface Case { name: string, arriving: boolean, textFirst: boolean }
const cases: Case[] = [
  { name: 'whole answer, text with its clause', arriving: false, textFirst: false },
  { name: 'whole answer, all text first', arriving: false, textFirst: true },
  { name: 'still arriving, text with its clause', arriving: true, textFirst: false },
  { name: 'still arriving, all text first', arriving: true, textFirst: true },
]

/** When the page shows the end of each inner clause as heard, less when it was, ms. */
function errors(clauses: readonly Clause[], { arriving, textFirst }: Case): number[] {
  const whole = clauses.map(({ text }) => text).join('')
  return clauses.slice(0, -1).map(({ endChar, endMs }, i) => {
    const known = arriving ? clauses.slice(0, i + 2) : clauses
    const text = textFirst ? whole : whole.slice(0, known.at(-1)!.endChar)
    const marks = textFirst
      ? markText([], { chars: whole.length, receivedMs: 0 })
      : known.reduce<readonly TextMark[]>((kept, clause, n) => markText(kept, { chars: clause.endChar, receivedMs: n === 0 ? 0 : known[n - 1]!.endMs }), [])
    const receivedMs = known.at(-1)!.endMs
    const said = whole.slice(0, endChar).trimEnd().length
    for (let atMs = 0; atMs < receivedMs; atMs += STEP_MS) {
      if (spokenChars(marks, { segmentId: 'a', heardMs: atMs, receivedMs, complete: !arriving }, text) >= said) return atMs - endMs
    }
    return receivedMs - endMs
  })
}

/** Sorted magnitudes at a share of them. */
const at = (values: readonly number[], share: number) => values.map(Math.abs).toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)]!

export async function wordFigures(): Promise<Figure[]> {
  const spoken = await spokenAnswers()
  return cases.map(which => {
    const found = spoken.flatMap(clauses => errors(clauses, which))
    return {
      what: `words: ${which.name}`,
      measured: `${at(found, 0.5).toFixed(0)} ms median, ${at(found, 0.95).toFixed(0)} at p95, ${at(found, 1).toFixed(0)} at worst (${found.length} clauses)`,
      goal: 'none: no protocol tells it', met: undefined,
    }
  })
}
