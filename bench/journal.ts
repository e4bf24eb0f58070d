/**
 * What writing a call down costs the relay: for each message, with text kept and with voices kept, too, against a relay whose observers
 * are the meter's alone; and how long a final entry keeps its event from the page (goal: 1 ms at p50). Run: `npx node bench/journal.ts`.
 * Best of seven rounds, interleaved, because others use the machine too; the entry's times are those of all of them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileHandle } from 'node:fs/promises'
import { createAudioFolder, type AudioDisk } from '../server/journal/audio-folder.ts'
import { createCallJournal } from '../server/journal/call-journal.ts'
import { createCallRecorder } from '../server/journal/call-recorder.ts'
import { openSpoolFolder } from '../server/journal/spool-files.ts'
import { openSpool } from '../server/journal/spool.ts'
import { silentLog } from '../server/log.ts'
import { serverClock } from '../server/realtime/clock.ts'
import type { RelayObserver } from '../server/relay/observer.ts'
import { watchers } from '../server/relay/watchers.ts'

const ROUNDS = 7
const MESSAGES = 2000
const TURNS = 300
const dir = mkdtempSync(join(tmpdir(), 'kaiwa-bench-'))
const spool = openSpool({ files: openSpoolFolder(join(dir, 'spool')), setTimer: serverClock.setTimer, onTrouble: trouble => { throw new Error(trouble.what) } })
/** Takes voices at once: the disk's own thread isn't the relay's. */
const disk: AudioDisk = {
  create: async () => ({ write: (async (bytes: Buffer, from: number) => ({ bytesWritten: bytes.length - from, buffer: bytes })) as FileHandle['write'], close: async () => undefined }),
  finish: async () => undefined,
}
const keeper = createAudioFolder({ dir: join(dir, 'audio'), log: silentLog, disk })

const audio = Buffer.from(Int16Array.from({ length: 4800 }, (_, at) => Math.round(8000 * Math.sin(at / 7))).buffer)
const append = Buffer.from(JSON.stringify({ type: 'input_audio_buffer.append', audio: audio.subarray(0, 4800).toString('base64') }))
const place = { event_id: 'event_000000000000000000001', response_id: 'resp_1', item_id: 'item_2', output_index: 0, content_index: 0 }
const delta = Buffer.from(JSON.stringify({ type: 'response.output_audio.delta', ...place, delta: audio.toString('base64') }))
const words = Buffer.from(JSON.stringify({ type: 'response.output_audio_transcript.delta', ...place, delta: 'and then ' }))

let calls = 0
function relayOf(keeps: 'none' | 'text' | 'all'): Required<RelayObserver> {
  const callId = `call_${++calls}`
  const journal = keeps === 'none'
    ? undefined
    : createCallJournal({
        facts: { callId, conversationId: `conv_${calls}`, owner: 'local', from: 'page', transport: 'websocket', brain: 'openai', model: 'model', voice: null, persona: null, continues: null, keys: ['sk-0123456789'] },
        spool, nowMs: serverClock.nowMs, wallMs: Date.now,
        ...(keeps === 'all' && {
          record: (input, onStretch) => createCallRecorder({ keeper, conversationId: `conv_${calls}`, callId, input, onStretch, onStopped: why => { throw new Error(why) } }),
        }),
      })
  return watchers(journal ? [journal.observer] : [])
}

const relays = { none: relayOf('none'), text: relayOf('text'), all: relayOf('all') }
const passed = (keeps: keyof typeof relays, from: 'client' | 'model', type: string, text: Buffer) => () => {
  if (from === 'client') return relays[keeps].clientAudio(text)
  relays[keeps].arrived()
  relays[keeps].carried(from, type, text)
}
const kinds = [['append of 100 ms', 'client', 'input_audio_buffer.append', append], ['answer of 200 ms', 'model', 'response.output_audio.delta', delta], ['words of an answer', 'model', 'response.output_audio_transcript.delta', words]] as const
const works = kinds.flatMap(([name, from, type, text]) => (['none', 'text', 'all'] as const).map(keeps => ({ name, keeps, bestUs: Infinity, work: passed(keeps, from, type, text) })))

for (let round = 0; round < ROUNDS; round++) {
  for (const each of works) {
    let tookMs = 0
    for (let n = 0; n < MESSAGES; n += 100) {
      const beganMs = performance.now()
      for (let some = 0; some < 100; some++) each.work()
      tookMs += performance.now() - beganMs
      await new Promise(resolve => setImmediate(resolve))
    }
    each.bestUs = Math.min(each.bestUs, tookMs / MESSAGES * 1000)
  }
}
for (const { name, keeps, bestUs } of works) console.log(`${name.padEnd(20)} KAIWA_STORE=${keeps.padEnd(5)} ${bestUs.toFixed(2).padStart(7)} µs`)

/** A turn as the model tells it, its 17 parsed events. */
function turn(n: number): { type: string, [field: string]: unknown }[] {
  const [said, answer, response_id] = [`item_u${n}`, `item_a${n}`, `resp_${n}`]
  const item = (status: string, content: object[]) => ({ id: answer, object: 'realtime.item', type: 'message', role: 'assistant', status, content })
  const done = item('completed', [{ type: 'output_audio', transcript: 'Some forty words of an answer, as answers are. '.repeat(5) }])
  const response = { id: response_id, object: 'realtime.response', status: 'in_progress', output: [], conversation_id: 'conv_1', usage: null }
  const user = { id: said, object: 'realtime.item', type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_audio', transcript: null }] }
  return [
    { type: 'input_audio_buffer.speech_started', item_id: said, audio_start_ms: n * 1000 },
    { type: 'input_audio_buffer.speech_stopped', item_id: said, audio_end_ms: n * 1000 + 500 },
    { type: 'input_audio_buffer.committed', item_id: said, previous_item_id: null },
    { type: 'conversation.item.added', item: user, previous_item_id: null },
    { type: 'conversation.item.done', item: user, previous_item_id: null },
    { type: 'response.created', response },
    { type: 'response.output_item.added', response_id, output_index: 0, item: item('in_progress', []) },
    { type: 'conversation.item.added', previous_item_id: said, item: item('in_progress', []) },
    { type: 'response.content_part.added', response_id, item_id: answer, part: { type: 'audio', transcript: '' } },
    { type: 'conversation.item.input_audio_transcription.completed', item_id: said, transcript: 'Some twenty words that were said, as people say them. '.repeat(2) },
    { type: 'response.output_audio.done', response_id, item_id: answer },
    { type: 'response.output_audio_transcript.done', response_id, item_id: answer, transcript: 'Some forty words of an answer, as answers are. '.repeat(5) },
    { type: 'response.content_part.done', response_id, item_id: answer, part: { type: 'audio', transcript: '' } },
    { type: 'conversation.item.done', previous_item_id: said, item: done },
    { type: 'response.output_item.done', response_id, output_index: 0, item: done },
    { type: 'response.done', response: { ...response, status: 'completed', output: [done] } },
    { type: 'rate_limits.updated', rate_limits: [] },
  ]
}

const finals = new Set(['conversation.item.input_audio_transcription.completed', 'response.output_audio_transcript.done', 'conversation.item.done', 'response.done'])
const tookUs: number[] = []
const beganMs = performance.now()
for (let n = 0; n < TURNS; n++) {
  const relay = n % 20 === 0 ? relays.text = relayOf('text') : relays.text
  for (const event of turn(n)) {
    const atMs = performance.now()
    relay.serverEvent(event)
    if (finals.has(event.type)) tookUs.push((performance.now() - atMs) * 1000)
  }
}
const turnUs = (performance.now() - beganMs) / TURNS * 1000
tookUs.sort((a, b) => a - b)
const at = (share: number) => tookUs[Math.floor(share * tookUs.length)]!.toFixed(0).padStart(5)
console.log(`final entry, until its event may pass: p50 ${at(0.5)} µs, p99 ${at(0.99)} µs; all parsed events of a turn: ${turnUs.toFixed(0)} µs`)
spool.close()
rmSync(dir, { recursive: true, force: true })
process.exit(0)
