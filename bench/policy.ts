/**
 * What the gate costs per append of 100 ms (6.4 kB of base64): in the form that clients write, in a form that has to be parsed, and a bare
 * `JSON.parse` of the same bytes. Run: `npx node bench/policy.ts`. Best of seven rounds, interleaved, because others use the machine too.
 */
import { createGate } from '../server/policy/client-gate.ts'
import type { Rates } from '../server/policy/rates.ts'

const ROUNDS = 7
const APPENDS = 20_000
const unhurried: Rates = { bytesPerSecond: 1e15, burstBytes: 1e15, eventsPerSecond: 1e15, burstEvents: 1e15 }

const audio = Buffer.from(Int16Array.from({ length: 2400 }, (_, at) => Math.round(8000 * Math.sin(at / 7))).buffer).toString('base64')
const type = 'input_audio_buffer.append'
const usual = Buffer.from(JSON.stringify({ type, audio }))
const withId = Buffer.from(JSON.stringify({ event_id: 'event_1', type, audio }))
const fromPython = Buffer.from(`{"audio": "${audio}", "type": "${type}"}`)
const unusual = Buffer.from(JSON.stringify({ type, audio }, null, 2))
const typed = Buffer.from(JSON.stringify({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'How far is the moon?' }] } }))

const locked = createGate({ policy: 'locked', rates: unhurried })
const open = createGate({ policy: 'open', rates: unhurried })
let nowMs = 0
const through = (gate: typeof locked, text: Buffer) => () => {
  if (gate.check(text, nowMs++).do !== 'pass') throw new Error('An append of this benchmark was not passed.')
}

const works: [string, () => unknown][] = [
  ['bare JSON.parse of an append', () => JSON.parse(usual.toString())],
  ['locked, as our page writes it', through(locked, usual)],
  ['locked, with an event id', through(locked, withId)],
  ['locked, as Python writes it', through(locked, fromPython)],
  ['locked, the slow road', through(locked, unusual)],
  ['locked, typed text', through(locked, typed)],
  ['open, as our page writes it', through(open, usual)],
  ['open, the slow road', through(open, unusual)],
]

const bestUs = works.map(() => Infinity)
for (let round = 0; round < ROUNDS; round++) {
  for (const [at, [, work]] of works.entries()) {
    const beganMs = performance.now()
    for (let n = 0; n < APPENDS; n++) work()
    bestUs[at] = Math.min(bestUs[at]!, (performance.now() - beganMs) / APPENDS * 1000)
  }
}
const parseUs = bestUs[0]!
for (const [at, [name]] of works.entries()) {
  console.log(`${name.padEnd(32)} ${bestUs[at]!.toFixed(2).padStart(7)} µs  ${(bestUs[at]! / parseUs).toFixed(2).padStart(6)} × JSON.parse`)
}
