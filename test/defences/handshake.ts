import { cut, testsOf, type Defence } from './defence.ts'

const admission = 'server/realtime/admission.ts'
const ticket = 'server/auth/ticket.ts'
const origin = 'server/auth/origin.ts'
const agreement = 'server/relay/handshake.ts'
const siege = testsOf('test/integration/abuse-handshake.test.ts')
const signIn = testsOf('test/integration/sign-in.test.ts')
const door = testsOf('test/integration/door.test.ts')
const tickets = testsOf('test/unit/server/auth/ticket.test.ts')
const origins = testsOf('test/unit/server/auth/origin.test.ts')

/** Who may open a connection, decided before the upgrade. */
export const handshake: readonly Defence[] = [
  {
    row: 'no ticket → 401',
    without: [cut(admission, 'ticket === undefined ? undefined : house.redeem(ticket, origin)', 'ticket === undefined ? { callId: \'call_x\', conversationId: \'conv_x\', origin, person: visitor } : house.redeem(ticket, origin)')],
    tests: [siege('no ticket → 401'), door('refuses a page without a ticket')],
  },
  {
    row: 'a ticket that nobody gave → 401',
    without: [cut(admission, 'ticket === undefined ? undefined : house.redeem(ticket, origin)', 'ticket === undefined ? undefined : house.redeem(ticket, origin) ?? { callId: \'call_x\', conversationId: \'conv_x\', origin, person: visitor }')],
    tests: [siege('SQL/NoSQL metacharacters in every auth header → 401: \' OR'), door('refuses a page with a made-up ticket')],
  },
  {
    row: 'reused → 401',
    without: [cut(ticket, 'const claim = claimAt(key, origin)\n      waiting.delete(key)', 'const claim = claimAt(key, origin)')],
    tests: [siege('reused → 401'), door('takes a ticket once'), tickets('open one connection of the call they were made for')],
  },
  {
    row: 'older than thirty seconds → 401',
    without: [cut(ticket, 'found.expiresAtMs > nowMs() && ', '')],
    tests: [tickets('last thirty seconds')],
  },
  {
    row: 'ticket of user B with session A → 403',
    without: [cut(admission, 'if (!isSameSignIn(claim.person, visitor)) return', 'if (false) return')],
    tests: [siege('ticket of user B with session A → 403'), signIn('opens nothing without the sign-in it was given to')],
  },
  {
    row: 'a ticket from another of our names → 401',
    without: [cut(ticket, ' && found.claim.origin === origin', '')],
    tests: [siege('ticket of this origin from another of our names → 401'), tickets('are spent by a try from another origin')],
  },
  {
    row: 'a ticket or key in the URL → 400',
    without: [cut(admission, 'if ([...query.keys()].some(key => /ticket|token|key/i.test(key))) {', 'if (false) {')],
    tests: [siege('ticket in URL as'), door('refuses a ticket in the address')],
  },
  {
    row: 'before sign-in → 401, for a call and for a ticket to one',
    without: [cut('server/auth/identify.ts', '(pageIsFree(settings) ? caller : undefined)', 'caller')],
    tests: [siege('before sign-in → 401'), signIn('opens nothing without the sign-in it was given to')],
  },
  {
    row: 'Origin missing (browser UA) → 403; layers: no browser without one, no page without one',
    without: [
      cut(admission, 'return browser ? refusal(', 'return false ? refusal('),
      cut(admission, 'if (origin === undefined) return refusal(', 'if (false) return refusal('),
    ],
    tests: [siege('Origin missing (browser UA) → 403'), door('refuses a browser without an origin')],
  },
  {
    row: 'https://evil.example, null, a file, a name like ours → 403; a page of another site in a real browser → blocked',
    without: [cut(admission, 'return isOwnOrigin(origin, headers.host, settings.publicUrl) ? undefined', 'return true ? undefined')],
    tests: [
      siege('https://evil.example as Origin → 403', 'null as Origin → 403', 'our name before theirs as Origin', 'our name as the user of theirs as Origin', 'a file as Origin', 'two of them as Origin', 'no URL as Origin',
        'CSWSH page in real Chromium with victim cookie → blocked'),
      door('refuses a page of another site', 'refuses an opaque origin'),
    ],
  },
  {
    row: 'another port of this machine → 403, though cookies know no ports',
    without: [cut(origin, ' && (own.port || defaultPort) === (said.port || defaultPort)', '')],
    tests: [siege('another port of this machine as Origin', 'from another port of 127.0.0.1'), origins('http://localhost:3001 at localhost:3000')],
  },
  {
    row: 'Origin OK but Host spoofed, DNS rebinding → 403',
    without: [cut(admission, 'isOwnHost(host, settings) ? undefined', 'true ? undefined')],
    tests: [siege('Origin OK but Host spoofed', 'DNS-rebinding host', 'a name that begins like ours', 'an address of the inside'), door('refuses a name that was made to point here')],
  },
  {
    row: 'plain ws:// in production → 426',
    without: [cut(admission, 'if (identity.overPlainHttp) return', 'if (false) return')],
    tests: [siege('where the public address is https and the proxy says http'), signIn('plain http is refused')],
  },
  {
    row: 'bad Sec-WebSocket-Key → 400',
    without: [cut(agreement, 'if (key === undefined || !KEY_FORM.test(key)) return', 'if (false) return')],
    tests: [siege('no Sec-WebSocket-Key', 'a short key', 'a key that is no base64', 'a long key'), door('refuses a bad key', 'refuses no key')],
  },
  {
    row: 'bad Sec-WebSocket-Version → 426, none → 400',
    without: [cut(agreement, 'if (version !== undefined && version !== VERSION) return', 'if (false) return'), cut(agreement, 'if (version === undefined) return', 'if (false) return')],
    tests: [siege('version 12', 'version 14', 'version abc', 'no version'), door('refuses another version of WebSocket')],
  },
  {
    row: 'a bad version is told which is right (426)',
    without: [cut('server/realtime/door.ts', '=> why === \'bad_version\'', '=> (why as string) === \'never\'')],
    tests: [siege('version 12', 'version 14', 'version abc')],
  },
  {
    row: 'an upgrade to another protocol → 400',
    without: [cut(agreement, 'if (headers.upgrade?.toLowerCase() !== \'websocket\') return', 'if (false) return')],
    tests: [siege('another protocol to upgrade to')],
  },
  {
    row: 'not GET → 405',
    without: [cut(admission, 'if (knock.method !== \'GET\') return', 'if (false) return')],
    tests: [siege('in place of GET → 405'), door('refuses a method that is not GET')],
  },
  {
    row: 'a path that is not exactly ours → 404',
    without: [cut(admission, 'if (path !== REALTIME_PATH) return', 'if (false) return')],
    tests: [siege('upgrades to nothing → 404'), door('refuses an unknown path', 'refuses the root')],
  },
  {
    row: 'a stranger\'s subprotocol → 400',
    without: [cut(admission, 'if (offered.length > 0 && !offered.includes(\'realtime\')) return', 'if (false) return')],
    tests: [siege('a stranger\'s subprotocols → 400'), door('refuses an unknown subprotocol')],
  },
  {
    row: '1,000 parallel handshakes of one user → 429 after the cap',
    without: [cut(admission, 'if (person.id !== undefined && house.callsOf(person) >= maxCallsPerUser) {', 'if (false) {')],
    tests: [
      siege('1,000 parallel handshakes one user → 429 after cap'), testsOf('test/integration/abuse-wallet.test.ts')('(n+1)-th concurrent call per user → 429', 'a secret counts for whose token made it'),
      testsOf('test/unit/server/realtime/admission.test.ts')('counts calls by network address'),
    ],
  },
  {
    row: 'slowloris upgrade (1 byte/s) → cut within 10 s',
    without: [cut('server/realtime/slow-handshake.ts', 'waiting.set(socket, setTimeout(() => socket.destroy(), withinMs).unref())', '')],
    tests: [siege('slowloris upgrade'), door('cuts an upgrade that arrives a byte at a time')],
  },
]
