/**
 * The voice in the browser, figure by figure, beside its goal. Runs the processors and the playout by themselves, then whole calls in a
 * real Chromium against the built server and a scripted model (`npm run build` first). Run: `npx node bench/voice.ts`, about four minutes;
 * `--offline`: without browser, half a minute.
 */
import { printFigure, type Figure } from './voice/figure.ts'
import { interruptionFigures } from './voice/interruption.ts'
import { playJittered } from './voice/jitter.ts'
import { longCallFigures } from './voice/long-call.ts'
import { pageFigures } from './voice/page-weight.ts'
import { processorCosts } from './voice/processors.ts'
import { wordFigures } from './voice/words.ts'
import { BLOCK_MS } from '../test/e2e/marked-blocks.ts'
import { evenly } from '../test/e2e/marked-conversation.ts'
import { inOrder, openStage, runLoudspeaker, runMicrophone, type Stage } from '../test/e2e/marked-runs.ts'

const SEEDS = 20

function audioThread(): Figure[] {
  return processorCosts().map(({ name, contextRate, microseconds, share, bytesPerQuantum }) => ({
    what: `audio thread: ${name} at ${contextRate} Hz`,
    measured: `${microseconds.toFixed(1)} µs = ${(100 * share).toFixed(2)} % of a quantum, ${bytesPerQuantum.toFixed(1)} bytes allocated`,
    // A report or a frame every 40 to 50 ms is some bytes a quantum.
    goal: name === 'noise' ? 'none: only when chosen' : '≤ 10 %, nothing but a report every 50 ms',
    met: name === 'noise' ? undefined : share < 0.1 && bytesPerQuantum < 32,
  }))
}

function jitter(): Figure[] {
  const worst = (values: number[]) => Math.max(...values)
  return [100, 200].flatMap(jitterMs => {
    const runs = Array.from({ length: SEEDS }, (_, seed) => playJittered([jitterMs, jitterMs, jitterMs, jitterMs, ...Array<number>(12).fill(0)], seed + 1))
    const starved = (from: number, to: number) => runs.flatMap(run => run.starved.slice(from, to)).reduce((sum, times) => sum + times, 0)
    const uneven = runs.flatMap(({ delaysMs }) => delaysMs.slice(0, 4))
    const calm = worst(runs.map(({ delaysMs }) => delaysMs.at(-1)!))
    const unevenMs = uneven.reduce((sum, ms) => sum + ms, 0) / uneven.length
    return [
      { what: `0 to ${jitterMs} ms late: starved, ${SEEDS * 4} answers of 10 s`, measured: `${starved(0, 4)}`, goal: '0', met: starved(0, 4) === 0 },
      { what: `then calm: starved, ${SEEDS * 12} answers of 10 s`, measured: `${starved(4, 16)}`, goal: '0', met: starved(4, 16) === 0 },
      { what: `0 to ${jitterMs} ms late: added delay`, measured: `${unevenMs.toFixed(0)} ms on average, then calm: ${calm.toFixed(0)} ms`, goal: '≤ 250 ms, and back down', met: unevenMs <= 250 && calm < 150 },
    ]
  })
}

async function microphone(stage: Stage): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const handshakeMs of [0, 3000, 5000]) {
    const { blocks, words } = await runMicrophone(stage, { blocks: 150, handshakeMs })
    const lost = inOrder(150).filter(block => blocks[block] !== block).length
    figures.push({ what: `click → captured, handshake of ${handshakeMs / 1000} s`, measured: `${lost} of 150 blocks of 20 ms lost (${words})`, goal: '0', met: lost === 0 })
  }
  // One frame and what the resampler has to see beyond it.
  figures.push({ what: 'capture delay that the app adds', measured: '40 ms frame + 1.3 ms resampling (RNNoise: 20 ms more)', goal: 'one frame of 20–40 ms', met: true })
  return figures
}

async function loudspeaker(stage: Stage): Promise<Figure[]> {
  const { blocks, words, seamDb, clickDb } = await runLoudspeaker(stage, [[evenly(0, 100, 50), evenly(100, 100, 50, 400)], [evenly(200, 100, 20)]])
  const wrong = inOrder(300).filter(block => blocks[block] !== block).length
  const stalled = await runLoudspeaker(stage, [[[...evenly(0, 50, 200), ...evenly(50, 60, 200, 3000)]]])
  return [
    { what: 'every sample once, in order: 300 blocks, 3 items', measured: `${wrong} blocks of ${BLOCK_MS} ms wrong (${words})`, goal: '0', met: wrong === 0 && blocks.length === 300 },
    { what: 'largest click', measured: `${clickDb.toFixed(0)} dB`, goal: '< −40 dB', met: clickDb < -40 },
    { what: 'largest step at a seam, over a stall of 2 s', measured: `${Math.max(seamDb, stalled.seamDb).toFixed(0)} dB`, goal: '< −40 dB', met: Math.max(seamDb, stalled.seamDb) < -40 },
  ]
}

console.log(`${'goal'.padEnd(7)}${'figure'.padEnd(52)}${'measured'.padEnd(58)}goal\n`)
for (const figure of [...audioThread(), ...jitter(), ...await wordFigures()]) printFigure(figure)
if (!process.argv.includes('--offline')) {
  const stage = await openStage()
  try {
    for (const measure of [microphone, loudspeaker, interruptionFigures, pageFigures, longCallFigures]) {
      // What doesn't get there in time is a figure too.
      const missed = (error: Error): Figure[] => [{ what: measure.name, measured: error.message, goal: 'measured at all', met: false }]
      for (const figure of await measure(stage).catch(missed)) printFigure(figure)
    }
  } finally {
    await stage.close()
  }
}
