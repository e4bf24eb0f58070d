import type { VoiceSession, WireRecord } from './call.ts'

/** The last events of both directions, for the inspector. Bounded by count and by size; full ⇒ the oldest go, and are counted. */

const MAX_RECORDS = 5000
/** Of shortened text; UTF-16 in memory, so about twice that. */
const MAX_RECORDS_BYTES = 8 * 1024 * 1024
/** Longest text kept of one event. */
const MAX_JSON_CHARS = 32_768

export interface WireRecords {
  readonly view: VoiceSession['records']
  add(direction: WireRecord['direction'], text: string, facts: { type: string, known: boolean, atMs: number }): void
  clear(): void
}

/** `schedule` merges notifications: a listener hears of many records at once, at most once per frame. */
export function createWireRecords(schedule: (callback: () => void) => void, limits = { records: MAX_RECORDS, bytes: MAX_RECORDS_BYTES }): WireRecords {
  let records: WireRecord[] = []
  let listed: readonly WireRecord[] | undefined
  let keptBytes = 0
  let seq = 0
  let version = 0
  let dropped = 0
  let notifying = false
  const listeners = new Set<() => void>()

  function changed() {
    version++
    listed = undefined
    if (notifying || listeners.size === 0) return
    notifying = true
    schedule(() => {
      notifying = false
      for (const listener of listeners) listener()
    })
  }

  function makeRoom() {
    if (records.length <= limits.records && keptBytes <= limits.bytes) return
    // A sixteenth more than needed, so that a full log isn't copied for every event.
    let count = records.length > limits.records ? records.length - limits.records + Math.floor(limits.records / 16) : 0
    for (let i = 0; i < count; i++) keptBytes -= records[i]!.json.length
    while (keptBytes > limits.bytes && count < records.length - 1) keptBytes -= records[count++]!.json.length
    records = records.slice(count)
    dropped += count
  }

  return {
    add(direction, text, { type, known, atMs }) {
      const json = shortenedJson(text)
      records.push({ seq: ++seq, direction, type, atMs, bytes: utf8Bytes(text), json, known })
      keptBytes += json.length
      makeRoom()
      changed()
    },
    clear() {
      records = []
      keptBytes = 0
      dropped = 0
      changed()
    },
    view: {
      list: () => listed ??= records.slice(),
      get version() { return version },
      get dropped() { return dropped },
      subscribe(listener) {
        listeners.add(listener)
        return () => { listeners.delete(listener) }
      },
    },
  }
}

/** Base64 of audio or an image, as the value of any field. */
const PAYLOAD = /"((?:data:[\w/+.-]+;base64,)?)([A-Za-z0-9+/]{256,}={0,2})"/g

/** An event's text with payloads replaced by their size, and cut where it is still too long to read. */
export function shortenedJson(text: string): string {
  const short = text.length < 256 ? text : text.replace(PAYLOAD, (_, prefix: string, base64: string) => `"${prefix}<${base64Bytes(base64)} bytes>"`)
  return short.length > MAX_JSON_CHARS ? `${short.slice(0, MAX_JSON_CHARS)}… ${short.length - MAX_JSON_CHARS} characters more` : short
}

function base64Bytes(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return Math.floor(base64.length * 3 / 4) - padding
}

/** Size on the wire, without encoding it again. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    // A surrogate pair is 4 bytes and two units: one more for each half.
    if (code >= 0x80) bytes += code < 0x800 || (code >= 0xD800 && code < 0xE000) ? 1 : 2
  }
  return bytes
}
