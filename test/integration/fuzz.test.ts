import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { besiege, type BesiegedKaiwa } from '../fakes/besieged-kaiwa.ts'
import { frame, type RawLine } from '../fakes/raw-line.ts'
import { sturdyConversation } from '../fakes/sturdy-conversation.ts'

/**
 * Frames and messages that nobody would think of, to the built server, from pages and programs at once, beside a call that must not
 * notice. `KAIWA_FUZZ_RUNS` says how many (100,000 without it; a night takes millions: `KAIWA_FUZZ_RUNS=5000000 npx vitest run --project
 * integration test/integration/fuzz.test.ts`), `KAIWA_FUZZ_SEED` repeats a run.
 */
const RUNS = Number(process.env.KAIWA_FUZZ_RUNS ?? 100_000)
const SEED = Number(process.env.KAIWA_FUZZ_SEED ?? Date.now() % 1_000_000)
/** Opened together: under fire the server takes no new calls, as it should. */
const LINES_PER_ROUND = 48
/** Beyond what a page may send in a row (4029), which would end each fuzzed line before it was looked at. */
const MESSAGES_PER_LINE = 600
const MB = 1024 * 1024

let siege: BesiegedKaiwa
beforeAll(async () => { siege = await besiege({ conversation: sturdyConversation, settings: { KAIWA_LOG_LEVEL: 'warn' }, inspected: true }) })
afterAll(async () => { await siege?.kaiwa.stop(); await siege?.upstream.close() })

/** mulberry32: small, fast, repeatable. */
function randomFrom(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(next() * bound)
  const of = <T>(choices: readonly T[]): T => choices[below(choices.length)]!
  return { next, below, of, bytes: (count: number) => Buffer.from(Array.from({ length: count }, () => below(256))) }
}
type Random = ReturnType<typeof randomFrom>

const templates: object[] = [
  { type: 'input_audio_buffer.append', audio: 'AAAAAAAAAAAAAAAA' }, { type: 'input_audio_buffer.commit' }, { type: 'input_audio_buffer.clear' }, { type: 'output_audio_buffer.clear' },
  { type: 'response.create', response: { instructions: 'x', output_modalities: ['text'], max_output_tokens: 10, tools: [], metadata: {} } }, { type: 'response.cancel', response_id: 'resp_1' },
  { type: 'conversation.item.create', previous_item_id: 'root', item: { id: 'item_a', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello' }, { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }] } },
  { type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0, audio_end_ms: 100 }, { type: 'conversation.item.delete', item_id: 'item_1' }, { type: 'conversation.item.retrieve', item_id: 'item_1' },
  { type: 'session.update', session: { type: 'realtime', instructions: 'x', audio: { input: { turn_detection: { type: 'server_vad', threshold: 0.5 }, format: { type: 'audio/pcm', rate: 24000 } }, output: { voice: 'marin', speed: 1 } }, tools: [] } },
  { type: 'kaiwa.ack', seq: 1 }, { type: 'kaiwa.resume', ticket: 'x' },
]
const strange: unknown[] = [
  null, true, false, 0, -1, 1e308, -0, 2 ** 53, 0.1, '', 'a', '\0', '\u202E', '\uD800', '__proto__', 'constructor', {}, [], [[[]]], { __proto__: null, then: 1 }, 'A'.repeat(3000), '==', 'AAA=', [null], { toString: 'x' }, { $ne: 1 },
]

/** Something of it is put elsewhere, taken away or replaced. */
function mutated(value: unknown, random: Random, depth = 0): unknown {
  if (random.next() < 0.12 || depth > 6) return random.of(strange)
  if (Array.isArray(value)) return value.flatMap(each => random.next() < 0.1 ? [] : random.next() < 0.1 ? [each, each] : [mutated(each, random, depth + 1)])
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
    if (key === 'type' && depth === 0 && random.next() < 0.97) return [[key, each]]
    if (random.next() < 0.08) return []
    return [[random.next() < 0.05 ? random.of(['__proto__', 'constructor', 'type', '', key.toUpperCase()]) : key, mutated(each, random, depth + 1)]]
  })
  return Object.fromEntries(random.next() < 0.1 ? entries.reverse() : entries)
}

function scratched(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text)
  for (let n = 1 + random.below(3); n > 0 && bytes.length > 0; n--) bytes[random.below(bytes.length)] = 32 + random.below(95)
  return random.next() < 0.3 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes
}

/** A message: mostly one that can be parsed, or a line would be cut (1008) after twenty. */
function message(random: Random): Buffer {
  const template = random.of(templates)
  const roll = random.next()
  if (roll < 0.3) return Buffer.from(JSON.stringify(template))
  if (roll < 0.975) return Buffer.from(JSON.stringify(mutated(template, random)) ?? 'null')
  if (roll < 0.99) return scratched(JSON.stringify(template), random)
  return Buffer.from(random.bytes(random.below(200)).map(byte => byte & 0x7F))
}

function frames(random: Random): Buffer[] {
  const payload = message(random)
  const roll = random.next()
  if (roll < 0.9) return [frame({ payload, ...(random.next() < 0.05 && { lengthAs: 64 as const }) })]
  if (roll < 0.96) {
    const at = random.below(payload.length + 1)
    const between = random.next() < 0.3 ? [frame({ opcode: 9, payload: random.bytes(random.below(126)) })] : []
    return [frame({ fin: false, payload: payload.subarray(0, at) }), ...between, frame({ opcode: 0, payload: payload.subarray(at) })]
  }
  if (roll < 0.98) return [frame({ opcode: 2, payload })]
  if (roll < 0.998) return [frame({ opcode: random.of([9, 10]), payload: random.bytes(random.below(126)) })]
  if (roll < 0.999) return [random.bytes(1 + random.below(60))]
  return [frame({
    opcode: random.below(16), fin: random.next() < 0.5, rsv: random.below(8), masked: random.next() < 0.9,
    payload: random.bytes(random.below(130)), lengthAs: random.of([16, 64] as const),
  })]
}

const drained = (line: RawLine) => line.socket.writableNeedDrain && !line.socket.destroyed
  ? new Promise<void>(resolve => {
      line.socket.once('drain', resolve)
      line.socket.once('close', resolve)
    })
  : undefined

/** What is left of a line's life. */
async function attack(line: RawLine, random: Random, most: number): Promise<void> {
  let sent = 0
  while (sent < most && !line.socket.destroyed) {
    const batch = Array.from({ length: Math.min(50, most - sent) }, () => frames(random)).flat()
    line.write(Buffer.concat(batch))
    sent += batch.length
    await drained(line)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  if (random.next() < 0.5) line.socket.resetAndDestroy()
  else line.socket.end()
}

async function round(number: number, framesPerLine: number): Promise<void> {
  const lines: RawLine[] = []
  for (let n = 0; n < LINES_PER_ROUND; n++) lines.push(await siege[n % 2 ? 'page' : 'program']())
  await Promise.all(lines.map((line, n) => attack(line, randomFrom(SEED + number * LINES_PER_ROUND + n), framesPerLine)))
  await siege.expectUnharmed()
  await expect.poll(() => siege.metric('kaiwa_calls_live'), { timeout: 10_000 }).toBe(1)
}

const looked = async () => await siege.metric('kaiwa_events_total', 'from="client"') + await siege.metric('kaiwa_events_refused_total')

describe('fuzz', () => {
  it(`${RUNS} frames and messages, seed ${SEED}: the server lives, nothing reached its last resort, its memory is back, the call beside them noticed nothing`, async () => {
    // What a server in use has anyway.
    await round(0, 100)
    const before = await siege.keptMemory()
    // What counts is what was looked at as a message: much is lost with a line that is cut.
    for (let number = 1; await looked() < RUNS; number++) await round(number, MESSAGES_PER_LINE)
    // A million leave 200 MB of garbage, which V8 has no reason to collect on a machine with room; what is kept is the same as after ten thousand.
    const after = await siege.keptMemory()
    expect((after.heapUsed + after.external - before.heapUsed - before.external) / MB).toBeLessThan(16)
    expect((after.rss - before.rss) / MB).toBeLessThan(100)
    expect(await siege.metric('kaiwa_trapped_errors_total')).toBe(0)
  }, 120_000 + RUNS)
})
