import type { WireRecord } from '../../voice/call.ts'

/** One row of the inspector: an event, or a run of the same one. */
export interface EventRow {
  key: number
  type: string
  direction: WireRecord['direction']
  records: WireRecord[]
  bytes: number
}

export interface EventFilter { text: string, direction: WireRecord['direction'] | 'both' }

/** Events that come in streams, several at once: audio and text in pieces, and the page's receipts. */
function streams(type: string): boolean {
  return type.endsWith('.delta') || type === 'input_audio_buffer.append' || type === 'kaiwa.ack'
}

/** Filters, then collapses runs. Streams that interleave each keep their own run, until an event that is no stream ends them all. */
export function eventRows(records: readonly WireRecord[], filter: EventFilter): EventRow[] {
  const wanted = filter.text.trim().toLowerCase()
  const rows: EventRow[] = []
  const running = new Map<string, EventRow>()
  for (const record of records) {
    const { type, direction } = record
    const stream = streams(type)
    if (!stream) running.clear()
    if (filter.direction !== 'both' && direction !== filter.direction) continue
    if (wanted && !type.toLowerCase().includes(wanted) && !record.json.toLowerCase().includes(wanted)) continue
    const run = stream ? running.get(`${direction} ${type}`) : undefined
    if (run) {
      run.records.push(record)
      run.bytes += record.bytes
      continue
    }
    const row: EventRow = { key: record.seq, type, direction, records: [record], bytes: record.bytes }
    rows.push(row)
    if (stream) running.set(`${direction} ${type}`, row)
  }
  return rows
}

/** Whose event it is, for its hue: the user's audio, the assistant's answer, or neither. */
export function voiceOf(type: string): 'you' | 'kai' | undefined {
  if (type.startsWith('input_audio_buffer.') || type.startsWith('conversation.item.input_audio')) return 'you'
  return type.startsWith('response.') ? 'kai' : undefined
}

/** Time of the call as m:ss.mmm. */
export function eventTime(atMs: number): string {
  const ms = Math.max(0, Math.round(atMs))
  const pad = (n: number, digits: number) => String(n).padStart(digits, '0')
  return `${Math.floor(ms / 60_000)}:${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`
}

/** Sizes worth showing. */
export function eventSize(bytes: number): string {
  return bytes < 1000 ? '' : bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** An event's JSON laid out to be read; as it came when it was cut or isn't JSON. */
export function readableJson(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2)
  } catch {
    return json
  }
}

/** The session as the other side last confirmed it. */
export function agreedSession(records: readonly WireRecord[]): string | undefined {
  const record = records.findLast(({ type, direction }) => direction === 'in' && (type === 'session.created' || type === 'session.updated'))
  if (!record) return undefined
  try {
    return JSON.stringify((JSON.parse(record.json) as { session: unknown }).session, null, 2)
  } catch {
    return record.json
  }
}
