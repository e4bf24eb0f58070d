/** One JSON event: text, or the same as UTF-8 bytes (checked by whoever received them). Bytes spare the relay a copy. */
export type WireText = string | Buffer

export interface LinkListener {
  /** Events in order. Must not throw. */
  message(text: WireText): void
  /** A binary frame came: the protocol has none. */
  binary(): void
  /** What piled up has left: `unreadBytes` is small again. */
  socketDrained(): void
  /** No sign of life, and what was sent stands unread: closing it is the listener's to do. Without this, the line is cut. */
  stuck?(): void
  /** The other side is gone; once, and nothing after it. `code` as in RFC 6455, 1006 when the line broke. */
  closed(code: number, reason: string): void
}

/** The relay's view of one side: a duplex channel of text events. */
export interface Link {
  /** No effect once closed. */
  send(text: WireText): void
  /** Accepted by `send` and not yet taken by the other side. */
  readonly unreadBytes: number
  /** Stop reading: the other side waits. Idempotent. */
  pause(): void
  resume(): void
  /** Says goodbye and lets what was sent leave first. Idempotent. */
  close(code: number, reason: string): void
  /** One listener; messages wait for it. */
  listen(listener: LinkListener): void
}

export const byteLength = (text: WireText) => typeof text === 'string' ? Buffer.byteLength(text) : text.length

/** A close code that may be sent; the rest (1005, 1006, 1015, out of range) are only ever observed. */
export const isSendable = (code: number) => (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)

/** RFC 6455 5.5: a close frame's reason is at most 123 bytes of UTF-8. */
export function boundedReason(reason: string): string {
  let bounded = reason.slice(0, 123)
  while (Buffer.byteLength(bounded) > 123) bounded = bounded.slice(0, -1)
  // A pair cut in half is no text.
  return /[\ud800-\udbff]$/.test(bounded) ? bounded.slice(0, -1) : bounded
}
