import { setTimeout as after } from 'node:timers/promises'
import { initializeLogger, log } from '@livekit/agents'
import { realtime } from '@livekit/agents-plugin-openai'

/** What the plugin logged as an error: it swallows what it can't handle. */
export const complaints = []

initializeLogger({ pretty: false, level: 'warn' })
log().error = (...what) => { complaints.push(JSON.stringify(what, (key, value) => value instanceof Error ? value.message : value)) }
log().warn = () => undefined

const WAIT_MS = 15_000

/** Resolves as the promise does, or throws after so long, with what was waited for. */
export async function within(promise, what, ms = WAIT_MS) {
  const timer = new AbortController()
  const late = after(ms, undefined, { signal: timer.signal }).then(() => { throw new Error(`waited ${ms} ms for ${what}`) })
  try { return await Promise.race([promise, late]) } finally {
    timer.abort()
    late.catch(() => undefined)
  }
}

/** A session of the plugin and all that it met: server events, generations, errors and metrics, in order. */
export function openSession(baseURL, options = {}) {
  const model = new realtime.RealtimeModel({ apiKey: 'unused', model: 'kaiwa-local', baseURL, ...options })
  const session = model.session()
  const met = { events: [], generations: [], transcripts: [], metrics: [], errors: [], reconnected: 0 }
  const waiting = new Set()
  const look = () => { for (const wake of waiting) wake() }
  const keep = (name, list) => session.on(name, event => {
    list.push(event)
    look()
  })
  keep('openai_server_event_received', met.events)
  keep('generation_created', met.generations)
  keep('input_audio_transcription_completed', met.transcripts)
  keep('metrics_collected', met.metrics)
  keep('error', met.errors)
  session.on('session_reconnected', () => {
    met.reconnected++
    look()
  })

  /** Resolves to the first thing that `find` returns, now or later. */
  const until = (find, what) => within(new Promise(resolve => {
    const wake = () => {
      const found = find()
      if (!found) return
      waiting.delete(wake)
      resolve(found)
    }
    waiting.add(wake)
    wake()
  }), what)
  const untilEvent = (type, count = 1) => until(() => met.events.filter(event => event.type === type)[count - 1], `${type}${count > 1 ? `, number ${count}` : ''}`)

  return { session, met, until, untilEvent, close: () => closeSession(session) }
}

/** Its `close` leaves the connection open until it has one more event to send; so it is given one that does nothing. */
async function closeSession(session) {
  const closed = session.close()
  session.sendEvent({ type: 'input_audio_buffer.clear' })
  await within(closed, 'the session to close', 5_000)
}

/** Everything that a generation says: its messages with text and samples, and its calls. */
export async function hear(generation) {
  const messages = []
  const calls = []
  const readMessages = async () => {
    for await (const message of generation.messageStream) messages.push(await hearMessage(message))
  }
  const readCalls = async () => {
    for await (const call of generation.functionStream) calls.push(call)
  }
  await within(Promise.all([readMessages(), readCalls()]), 'the generation to end')
  return { messages, calls, text: messages.map(message => message.text).join(' ').trim(), samples: messages.reduce((sum, message) => sum + message.samples, 0) }
}

async function hearMessage({ messageId, textStream, audioStream, modalities }) {
  let text = ''
  let samples = 0
  let peak = 0
  const readText = async () => { for await (const piece of textStream) text += typeof piece === 'string' ? piece : piece.text }
  const readAudio = async () => {
    for await (const frame of audioStream) {
      samples += frame.samplesPerChannel
      peak = frame.data.reduce((most, sample) => Math.max(most, Math.abs(sample)), peak)
    }
  }
  await Promise.all([readText(), readAudio()])
  return { messageId, text, samples, peak, modalities: await modalities }
}
