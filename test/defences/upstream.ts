import { cut, testsOf, type Defence } from './defence.ts'

const policy = 'server/relay/dial-policy.ts'
const dial = 'server/relay/dial-websocket.ts'
const relay = 'server/relay/relay.ts'
const link = 'server/relay/websocket-link.ts'
const ear = 'server/relay/upstream-ear.ts'
const faults = testsOf('test/integration/relay-faults.test.ts')
const endings = testsOf('test/integration/relay-endings.test.ts')
const dialling = testsOf('test/unit/server/relay/dial-policy.test.ts')
const relaying = testsOf('test/unit/server/relay/relay.test.ts')
const halfOpen = testsOf('test/unit/server/relay/half-open.test.ts')

/** What a model's provider may do, and a browser that doesn't read. */
export const upstream: readonly Defence[] = [
  {
    row: 'nothing listens there → tried four times, then told',
    without: [cut(policy, 'return why === \'refused\' || why === \'dns\' || why === \'reset\'', 'return why === \'dns\' || why === \'reset\'')],
    tests: [faults('U1: nothing listens there'), dialling('ECONNREFUSED may heal')],
  },
  {
    row: 'a name that doesn\'t resolve → the same',
    without: [cut(policy, 'return why === \'refused\' || why === \'dns\' || why === \'reset\'', 'return why === \'refused\' || why === \'reset\'')],
    tests: [faults('U2: a name that doesn\'t resolve'), dialling('ENOTFOUND may heal')],
  },
  {
    row: 'a certificate that isn\'t good → not tried again',
    without: [cut(policy, 'return why === \'refused\' || why === \'dns\' || why === \'reset\'', 'return true')],
    tests: [faults('U2: no TLS where TLS was expected'), dialling('DEPTH_ZERO_SELF_SIGNED_CERT won\'t')],
  },
  {
    row: 'a certificate that nobody vouches for → not believed',
    without: [cut(dial, 'connectTls({ ...to, ', 'connectTls({ ...to, rejectUnauthorized: false, ')],
    tests: [faults('U2: a certificate that nobody vouches for')],
  },
  {
    row: 'many who fail together → don\'t come back together (full jitter)',
    without: [cut(policy, 'Math.round(ceilingMs * random)', 'ceilingMs')],
    tests: [dialling('try 1: waits up to 300 ms')],
  },
  {
    row: 'a handshake that is reset → tried again',
    without: [cut(policy, 'return why === \'refused\' || why === \'dns\' || why === \'reset\'', 'return why === \'refused\' || why === \'dns\'')],
    tests: [faults('a handshake that is reset is tried again'), dialling('ECONNRESET may heal')],
  },
  {
    row: 'however it fails → told within 10 s',
    without: [cut(policy, 'elapsedMs + afterMs >= policy.totalMs ?', 'false ?')],
    tests: [dialling('never waits beyond the time that a talker would', 'keeps to Retry-After exactly, or not at all'), faults('U4: 429 that asks for longer')],
  },
  {
    row: 'what is said while we dial → kept, in order',
    without: [cut(relay, 'phase.room.add(text)', '')],
    tests: [faults('keeps what was said while dialling, in order'), relaying('keeps what the client says, and sends it after the server\'s own events')],
  },
  {
    row: 'more is said while we dial than there is room for → the client waits, nothing is lost',
    without: [cut(relay, 'if (phase.room.full) client.pause()', '')],
    tests: [relaying('stops reading the client when the waiting room is full', 'bounds it in bytes, too')],
  },
  {
    row: '401, 403, 404 → not tried again',
    without: [cut(policy, 'failure.status >= 500 ||', 'failure.status >= 400 ||')],
    tests: [faults('U3: HTTP 401: no retry', 'U3: HTTP 403: no retry', 'U4: a spent account is told as that'), dialling('HTTP 401 won\'t', 'HTTP 404 won\'t')],
  },
  {
    row: 'a wrong key → the operator hears of it, once a minute',
    without: [cut('server/realtime/call-story.ts', 'if (!needsOperator(fault) || nowMs() < quietUntilMs) return', 'if (!needsOperator(fault)) return')],
    tests: [endings('a wrong key alerts the operator once a minute')],
  },
  {
    row: 'a wrong key → the operator hears of it at all',
    without: [cut('server/realtime/call-story.ts', 'log.error({ alert: \'operator\', fault: fault.code }, describeFault(fault).message)', '')],
    tests: [endings('a wrong key alerts the operator once a minute')],
  },
  {
    row: 'a key refused after the upgrade → our sentence, no piece of the key; layers: our words, and what looks like a key is cut',
    without: [
      cut(ear, 'const words = lastError && inOurWords(lastError)', 'const words = undefined'),
      cut('server/relay/server-event.ts', 'return isError ? clean.replace(KEY_LIKE, CUT) : clean', 'return clean'),
    ],
    tests: [faults('U3: a key refused after the upgrade'), endings('the key is wrong: a sentence, a code, no piece of a key')],
  },
  {
    row: '429 with Retry-After → waits exactly that long',
    without: [cut(policy, 'const askedMs = failure.kind === \'http\' ? failure.retryAfterMs : undefined', 'const askedMs = undefined')],
    tests: [dialling('keeps to Retry-After exactly, or not at all'), faults('U4: 429 that asks for longer')],
  },
  {
    row: '429 with Retry-After → no new calls until then',
    without: [cut('server/realtime/admission.ts', 'if (brain.quietMs > 0) {', 'if (false) {')],
    tests: [faults('U4: 429 that asks for longer'), testsOf('test/unit/server/realtime/admission.test.ts')('turns callers away while told to wait by the provider')],
  },
  {
    row: 'a spent account → told as that, and not tried again',
    without: [cut(policy, ' && failure.saidCode !== \'insufficient_quota\'', '')],
    tests: [faults('U4: a spent account is told as that')],
  },
  {
    row: '500, 502, 503, 504 → tried again, then told',
    without: [cut(policy, 'failure.status >= 500 ||', 'false ||')],
    tests: [faults('U5: 500, 502, 503: retried'), dialling('HTTP 503 may heal')],
  },
  {
    row: 'it stays down → the breaker opens: nobody waits any more',
    without: [cut('server/relay/circuit-breaker.ts', 'return failures < policy.failuresToOpen ? { at: \'closed\', failures } : open(1, nowMs, policy)', 'return { at: \'closed\', failures }')],
    tests: [endings('U5: after some calls in a row nobody waits any more'), testsOf('test/unit/server/relay/circuit-breaker.test.ts')('is let rest after some failures in a row'), testsOf('test/integration/abuse-wallet.test.ts')('sign-up farm/IP rotation → breaker')],
  },
  {
    row: 'a handshake that never ends → given up after 10 s',
    without: [cut(dial, 'const timer = setTimeout(abort, withinMs)', 'const timer = setTimeout(() => undefined, withinMs)')],
    tests: [faults('U6: a handshake that never ends is given up')],
  },
  {
    row: 'an address that sends us elsewhere → the key goes nowhere else',
    without: [cut(dial, 'settle({ how: \'refused\', response })', 'const to = response.headers.location\n      if (to) void dialWebSocket(to, { headers, withinMs, signal }).then(settle)\n      else settle({ how: \'refused\', response })')],
    tests: [faults('a redirect is not followed: the key goes to no other address')],
  },
  {
    row: 'a talker who leaves while we dial → dialling ends',
    without: [cut(relay, 'dialing.abort()', '')],
    tests: [relaying('a client that leaves ends the dialling')],
  },
  {
    row: 'an upstream that opens when the talker is gone → closed again',
    without: [cut(relay, 'if (result.ok) result.link.close(1000, \'\')\n', '')],
    tests: [relaying('an upstream that opens too late is closed again')],
  },
  {
    row: 'a half-open line in mid-answer → noticed within 8 s',
    without: [cut(link, 'if (this.#ticker.count - this.#pingedAtTick >= ticksWithin(answerWithinMs, this.#ticker)) this.#silent()', '')],
    tests: [faults('U8: a line that is half-open is noticed'), halfOpen('is asked after 4 s, and given up before 8 are over'), testsOf('test/integration/door.test.ts')('notices a line that no longer answers')],
  },
  {
    row: 'what answers the upgrade without having read our key → no WebSocket',
    without: [cut('server/relay/handshake.ts', ' && headers[\'sec-websocket-accept\'] === acceptOf(key)', '')],
    tests: [testsOf('test/unit/server/relay/handshake.test.ts')('isn’t with the answer to another key')],
  },
  {
    row: 'a close in mid-response, 1000, 1001, 1011 or 4xxx → a sentence before it',
    without: [cut(relay, 'if (!explained) client.send(errorEvent(notice, ids(\'event\')))', '')],
    tests: [faults('U9: a close with 1000', 'U9: a close with 1011', 'U9: a close with 4123', 'U10: a reset line'), endings('it goes, without a word: a sentence, a code')],
  },
  {
    row: 'a close that the upstream explained → its own words and no others',
    without: [cut(relay, 'if (!explained) client.send(errorEvent(notice, ids(\'event\')))', 'client.send(errorEvent(notice, ids(\'event\')))')],
    tests: [faults('U9: when the upstream said why, its own words and no others')],
  },
  {
    row: 'a close with a code that can\'t be sent on → 1011',
    without: [cut('server/relay/fault.ts', 'return [1000, 1001, 1008, 1009].includes(upstreamCode) || (upstreamCode >= 3000 && upstreamCode <= 4999) ? upstreamCode : 1011', 'return upstreamCode')],
    tests: [relaying('upstream close 1006 arrives as 1011', 'upstream close 2000 arrives as 1011')],
  },
  {
    row: 'invalid JSON, cut UTF-8, missing fields → dropped and counted, the session goes on',
    without: [cut(ear, 'case \'rubbish\': return drop()', 'case \'rubbish\': return passOn(text, \'x\')')],
    tests: [faults('U11: rubbish is dropped and counted'), relaying('an upstream that only babbles is given up')],
  },
  {
    row: 'invalid JSON of the upstream → never reaches the process',
    without: [cut('server/relay/server-event.ts', '  } catch {\n    return rubbish', '  } catch (error) {\n    if (error) throw error\n    return rubbish')],
    tests: [faults('U11: rubbish is dropped and counted'), testsOf('test/unit/server/relay/server-event.test.ts')('takes "{" for rubbish')],
  },
  {
    row: 'nothing but rubbish → given up',
    without: [cut(ear, 'if (rubbishAtMs.length > MAX_RUBBISH) babble(rubbishAtMs.length)', '')],
    tests: [faults('U11: an upstream that sends nothing but rubbish is given up'), relaying('an upstream that only babbles is given up')],
  },
  {
    row: 'the session is over at the provider → told as that',
    without: [cut('server/relay/upstream-words.ts', 'if (code === \'session_expired\') return { code: \'session_expired\' }', '')],
    tests: [endings('its session is over, by the close alone')],
  },
  {
    row: 'a burst after a stall, and a browser that reads nothing → the model waits',
    without: [cut('server/relay/gauge.ts', 'source()?.pause()', '')],
    tests: [endings('pauses the model, keeps less than 1 MB'), relaying('pauses the upstream while the browser doesn\'t read', 'pauses the client while the upstream doesn\'t read')],
  },
  {
    row: 'a browser that reads nothing → closed 4008 after 10 s; a model that doesn\'t read → given up; layers: what stands unread, and silence',
    without: [
      cut('server/relay/gauge.ts', 'if (effect === \'give_up\') giveUp(unreadBytes)', ''),
      cut(link, 'if (this.unreadBytes > 0 && this.#listener?.stuck) this.#listener.stuck()', 'if (this.unreadBytes > 0) this.#heard()'),
    ],
    tests: [endings('pauses the model, keeps less than 1 MB, and is closed 4008'), testsOf('test/integration/faults.test.ts')('B3: pages that read nothing'), relaying('closes 4008 when it stays so', 'closes 4008 at once above the bound', 'gives the call up when it stays so')],
  },
  {
    row: 'a talker who stopped reading and says nothing → told why before the cut',
    without: [cut(link, 'if (this.unreadBytes > 0 && this.#listener?.stuck) this.#listener.stuck()\n    else this.#line.destroy()', 'this.#line.destroy()')],
    tests: [halfOpen('a side that stopped reading, and says nothing, is told why before it is cut')],
  },
]
