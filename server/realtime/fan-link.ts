import { closeReason, describeFault, errorEvent, type RelayFault } from '../relay/fault.ts'
import type { Gate, Verdict } from '../relay/gate.ts'
import { byteLength, type Link, type LinkListener, type WireText } from '../relay/link.ts'

/**
 * What a connection is to the call. `page`: the page's own socket, which is told of the house (`kaiwa.*`), and whose goodbye is the caller's.
 * `channel`: the caller's data channel, where it ends in this process. `program`: a builder's sideband. The call goes on without any of them.
 */
export type Seat = 'page' | 'channel' | 'program'

/** Who may say what: the caller by its call's gate, whose memory begins with the call; each program by a gate of its own. */
export interface SeatGates { caller: Gate, program(): Gate }

/** One call's client side, made of none to several connections: what the model says goes to each, what any says goes through its own gate. */
export interface FanLink extends Link {
  /** Once, before anyone is attached. What it returns takes the place of the call's gate in the relay: what arrives there was judged. */
  seat(gates: SeatGates): Gate
  /** False: there are enough already, or the call is over. */
  attach(link: Link, seat: Seat): boolean
  readonly attached: number
  /** The caller hangs up. */
  leave(): void
}

export interface FanOptions {
  ids: (prefix: string) => string
  nowMs(): number
  /** A page's socket comes a moment after its call, and may break: what is said until it is there waits for it. */
  awaitsPage: boolean
}

/** Of one call. More are refused. */
export const MAX_ATTACHED = 8
/** What one connection hasn't read: text, no sound. More ⇒ that connection is closed (4008), the call goes on. */
const MAX_UNREAD_BYTES = 1024 * 1024
/** What waits for the page's socket. More ⇒ that is too late, and the socket is closed (4008) when it comes. */
const MAX_WAITING_BYTES = 1024 * 1024
/**
 * What a page was told last is kept for its next socket, since nobody knows what of it arrived: the page takes each event once, by its id.
 * More ⇒ the oldest goes.
 */
const MAX_TOLD = 200
const MAX_TOLD_BYTES = 128 * 1024
/** The other side went away on purpose (RFC 6455, 7.4.1): it didn't lose its line. */
const GOODBYES = new Set([1000, 1001, 1005])

/** What the page's next socket is told first. */
type Waiting
  = | { at: 'away', texts: WireText[], bytes: number }
    | { at: 'there', texts: WireText[], bytes: number }
    | { at: 'too_long' }
  /** No page's call, or the call is over. */
    | { at: 'none' }
interface Attached { link: Link, seat: Seat, gate: Gate }

export function createFanLink({ ids, nowMs, awaitsPage }: FanOptions): FanLink {
  const attached = new Set<Attached>()
  let gates: SeatGates | undefined
  let relay: LinkListener | undefined
  let waiting: Waiting = awaitsPage ? { at: 'away', texts: [], bytes: 0 } : { at: 'none' }
  /** Newest word on the session, for programs that come later: an upstream begins with it, too. */
  let session: unknown
  /** Of the message that is on its way into the relay. */
  let judged: Verdict | undefined
  let paused = false
  let closed = false

  function attach(link: Link, seat: Seat): boolean {
    if (closed || !gates || attached.size >= MAX_ATTACHED) return false
    const one: Attached = { link, seat, gate: seat === 'program' ? gates.program() : gates.caller }
    attached.add(one)
    link.listen({
      message: text => hear(one, text),
      binary: () => refuse(one, binaryRefused),
      socketDrained: () => undefined,
      stuck: () => drop(one, tooSlow(link)),
      closed: code => gone(one, code),
    })
    if (paused) link.pause()
    if (seat === 'program' && session !== undefined) link.send(JSON.stringify({ type: 'session.created', event_id: ids('event'), session }))
    if (seat === 'page') handOver(one)
    return true
  }

  function handOver(page: Attached) {
    if (waiting.at === 'too_long') return drop(page, tooSlow(page.link))
    if (waiting.at === 'none') return
    // The one before may be gone and not know it.
    for (const one of attached) if (one.seat === 'page' && one !== page) replace(one)
    for (const text of waiting.texts) page.link.send(text)
    waiting = { ...waiting, at: 'there' }
    keepWithin(waiting)
  }

  function replace(one: Attached) {
    attached.delete(one)
    one.link.close(4000, 'invalid_request_error.replaced')
  }

  function hear(one: Attached, text: WireText) {
    if (closed || !attached.has(one)) return
    const verdict = one.gate.check(text, nowMs())
    switch (verdict.do) {
      case 'pass': case 'take': return handIn(text, verdict)
      case 'refuse': return refuse(one, verdict.error)
      // A caller who breaks the rules ends their call, as over a socket; somebody who looks on ends only that.
      case 'end': return one.seat === 'program' ? drop(one, verdict.fault) : handIn(text, verdict)
      default: verdict satisfies never
    }
  }

  function handIn(text: WireText, verdict: Verdict) {
    judged = verdict
    relay?.message(text)
    judged = undefined
  }

  function refuse(one: Attached, error: object) {
    if (one.link.unreadBytes > MAX_UNREAD_BYTES) return drop(one, tooSlow(one.link))
    one.link.send(JSON.stringify({ type: 'error', event_id: ids('event'), error }))
  }

  /** Only this connection: the others, and the call, are none the worse. */
  function drop(one: Attached, fault: RelayFault) {
    if (!attached.delete(one)) return
    const notice = describeFault(fault)
    one.link.send(errorEvent(notice, ids('event')))
    one.link.close(notice.closeCode, closeReason(notice))
  }

  function gone(one: Attached, code: number) {
    if (!attached.delete(one) || one.seat !== 'page') return
    if (GOODBYES.has(code)) return leave()
    if (waiting.at === 'there') waiting = { ...waiting, at: 'away' }
  }

  function send(text: WireText) {
    if (closed) return
    const ofHouse = isHouseEvent(text)
    if (waiting.at === 'away' || waiting.at === 'there') keep(waiting, text)
    for (const one of [...attached]) {
      if (ofHouse && one.seat !== 'page') continue
      if (one.link.unreadBytes > MAX_UNREAD_BYTES) drop(one, tooSlow(one.link))
      else one.link.send(text)
    }
  }

  function keep(kept: Extract<Waiting, { texts: WireText[] }>, text: WireText) {
    // Without an id a page couldn't tell that it had it.
    if (kept.at === 'there' && !text.includes('"event_id"')) return
    kept.texts.push(text)
    kept.bytes += byteLength(text)
    if (kept.at === 'there') keepWithin(kept)
    else if (kept.bytes > MAX_WAITING_BYTES) waiting = { at: 'too_long' }
  }

  function keepWithin(told: Extract<Waiting, { texts: WireText[] }>) {
    while (told.texts.length > MAX_TOLD || told.bytes > MAX_TOLD_BYTES) told.bytes -= byteLength(told.texts.shift()!)
  }

  function close(code: number, reason: string) {
    if (closed) return
    closed = true
    waiting = { at: 'none' }
    for (const { link } of attached) link.close(code, reason)
    attached.clear()
  }

  function leave() {
    if (closed) return
    close(1000, '')
    relay?.closed(1000, '')
  }

  return {
    seat(given) {
      gates = given
      return {
        check: () => judged ?? { do: 'refuse', error: binaryRefused, type: undefined },
        serverEvent(event) {
          if (event.type === 'session.created' || event.type === 'session.updated') session = event.session
          given.caller.serverEvent(event)
        },
      }
    },
    attach,
    get attached() { return attached.size },
    leave,
    send,
    // A slow reader is let go by itself: it doesn't slow down the model for the others.
    unreadBytes: 0,
    pause() {
      paused = true
      for (const { link } of attached) link.pause()
    },
    resume() {
      paused = false
      for (const { link } of attached) link.resume()
    },
    close,
    listen(listener) { relay = listener },
  }
}

const tooSlow = (link: Link): RelayFault => ({ code: 'client_too_slow', unreadBytes: link.unreadBytes })
const HOUSE = '{"type":"kaiwa.'
/** As this server writes them; the model has none. */
const isHouseEvent = (text: WireText) => typeof text === 'string' && text.startsWith(HOUSE)
/** In the API's words. */
const binaryRefused = { type: 'invalid_request_error', code: 'invalid_event', message: 'Expected a text WebSocket message; binary frames are not supported.', param: null, event_id: null }
