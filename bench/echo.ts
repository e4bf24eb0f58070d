/**
 * The cures for an echo: what the half-duplex gate costs and lets through, and what loudspeaker mode adds and takes (in a real Chromium).
 * Run: `npx node bench/echo.ts`.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createResampler, energy, estimateEcho, floatToPcm16, pcm16ToBytes, pcm16ToFloat, probeSignal, rms } from '@kaiwa/audio'
import { openGate, stepGate, type GateState } from '../app/voice/half-duplex.ts'
import { launchChromium } from '../test/fakes/chromium.ts'
import { readWav } from '../test/fakes/wav.ts'
import type { EchoPage } from '../test/e2e/harness/echo-page.ts'
import { servePage } from '../test/e2e/harness/serve-page.ts'
import { loopLags } from '../test/e2e/loop-lags.ts'

const FRAME = 960
const METER_SAMPLES = 2000
const names = ['amiable', 'cold-hearted', 'go-forward', 'ill-disposed']

function speech(name: string): Float32Array {
  const { samples, sampleRate } = readWav(readFileSync(new URL(`../test/fixtures/speech/${name}.wav`, import.meta.url)))
  return createResampler({ inputRate: sampleRate, outputRate: 24_000 }).process(pcm16ToFloat(samples))
}

/** Every recording as an answer, in a room of this loss; the gate believes that the loss is `measuredDb`. */
function leak(lossDb: number, measuredDb: number | undefined) {
  const total = { before: 0, after: 0, frames: 0, opened: 0 }
  for (const name of names) {
    const played = floatToPcm16(speech(name))
    const gain = 10 ** (-lossDb / 20)
    const delay = 110 * 24
    const heard = Int16Array.from(played, (_, i) => gain * (0.9 * (played[i - delay] ?? 0) + 0.43 * (played[i - delay - 900] ?? 0)))
    const floor = measuredDb === undefined ? undefined : { lossDb: measuredDb, noiseLevel: 0.001, tailMs: 220 }
    let state: GateState = openGate
    for (let at = FRAME; at <= played.length; at += FRAME) {
      const playedLevel = rms(played, Math.max(0, at - METER_SAMPLES), at)
      state = stepGate(state, { lengthMs: 40, playedLevel, micLevel: rms(heard, at - FRAME, at), held: false }, floor)
      const sound = energy(heard, at - FRAME, at)
      total.before += sound
      total.frames++
      if (state.name !== 'closed') total.after += sound
      if (state.name === 'talked_over') total.opened++
    }
  }
  const suppressed = total.after === 0 ? 'all of it' : `${(10 * Math.log10(total.before / total.after)).toFixed(0)} dB`
  const believed = measuredDb === undefined ? 'not measured' : `measured as ${measuredDb} dB`
  console.log(`gate, echo ${String(lossDb).padStart(2)} dB down, ${believed.padEnd(17)}  suppressed ${suppressed.padEnd(9)}  false opens ${total.opened} of ${total.frames} frames`)
}

function costs() {
  let state: GateState = openGate
  const floor = { lossDb: 20, noiseLevel: 0.001, tailMs: 200 }
  const frames = 1_000_000
  const begin = performance.now()
  for (let i = 0; i < frames; i++) state = stepGate(state, { lengthMs: 40, playedLevel: i % 50 > 30 ? 0 : 0.1, micLevel: 0.01, held: false }, floor)
  console.log(`gate  ${((performance.now() - begin) * 1e6 / frames).toFixed(0)} ns per frame of 40 ms (${state.name})`)
  const sampleRate = 48_000
  const reference = new Float32Array(sampleRate * 2.4)
  reference.set(probeSignal({ sampleRate }), sampleRate * 0.3)
  const microphone = reference.map((_, i) => 0.1 * (reference[i - 4800] ?? 0) + 0.001 * Math.sin(i * i))
  const start = performance.now()
  const found = estimateEcho({ reference, microphone, sampleRate })
  console.log(`echo estimate  ${(performance.now() - start).toFixed(0)} ms of the page for a recording of 2.4 s: ${found?.delayMs.toFixed(2)} ms (100), ${found?.lossDb.toFixed(1)} dB (20)`)
}

async function loop() {
  const { url, server } = await servePage(fileURLToPath(new URL('../test/e2e/harness/echo-page.ts', import.meta.url)))
  const browser = await launchChromium()
  const page = await browser.newPage()
  await page.goto(url)
  await page.click('button')
  const samples = Buffer.from(pcm16ToBytes(floatToPcm16(speech('cold-hearted')))).toString('base64')
  const floats = (base64: string) => new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)
  for (let round = 0; round < 3; round++) {
    const result = await page.evaluate(text => (globalThis as unknown as { echoPage: EchoPage }).echoPage.loop(text, 5500), samples)
    const windows = loopLags(floats(result.played), floats(result.heard), result.contextRate)
    const lags = windows.map(({ lagMs }) => lagMs)
    const alike = windows.map(({ correlation }) => correlation).sort((a, b) => a - b)
    // What isn't explained by what went in, against what is.
    const signalDb = (correlation: number) => 10 * Math.log10(correlation ** 2 / (1 - correlation ** 2))
    const middle = alike[alike.length >> 1]!
    console.log(`loopback  adds ${Math.min(...lags).toFixed(0)} to ${Math.max(...lags).toFixed(0)} ms (says ${(result.latenciesMs.at(-1)! - result.deviceMs).toFixed(0)}), `
      + `open in ${result.openingMs.toFixed(0)} ms; correlation of half seconds: median ${middle.toFixed(3)} (${signalDb(middle).toFixed(0)} dB), worst ${alike[0]!.toFixed(3)}`)
  }
  await browser.close()
  server.close()
}

costs()
for (const lossDb of [0, 10, 20, 30]) leak(lossDb, undefined)
for (const lossDb of [0, 10, 20, 30]) leak(lossDb, lossDb)
leak(16, 20)
leak(10, 20)
await loop()
