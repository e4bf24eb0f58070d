import { cut, testsOf, type Defence } from './defence.ts'

const access = 'server/auth/access.ts'
const request = 'server/auth/sign-in-request.ts'
const siege = testsOf('test/integration/abuse-handshake.test.ts')
const signIn = testsOf('test/integration/sign-in.test.ts')
const reload = testsOf('test/integration/reload.test.ts')
const parts = testsOf('test/unit/server/auth/access.test.ts')

/** Who it is, and until when. */
export const signingIn: readonly Defence[] = [
  {
    row: 'session fixation: a cookie from before the login → dead',
    without: [cut(access, 'if (before) end(before)', '')],
    tests: [siege('session fixation'), signIn('a new sign-in in the same one keeps the person and ends the old cookie')],
  },
  {
    row: 'logout in tab 1 → the socket of tab 2 closed 4001 within 2 s',
    without: [cut(access, 'endCalls(person => \'signInId\' in person && person.signInId === signInId, { code: \'signed_out\' })', '')],
    tests: [siege('logout in tab 1 → tab 2 socket C4001'), signIn('closes that sign-in\'s sockets with 4001')],
  },
  {
    row: 'signing out closes no other sign-in\'s sockets',
    without: [cut(access, '\'signInId\' in person && person.signInId === signInId, { code: \'signed_out\' }', '\'signInId\' in person, { code: \'signed_out\' }')],
    tests: [signIn('closes that sign-in\'s sockets with 4001 within two seconds, and no other\'s')],
  },
  {
    row: 'a cookie that was signed out stays dead, and its waiting ticket with it',
    without: [cut(access, 'ended.end({ id: signInId, begunMs })', '')],
    tests: [siege('logout in tab 1 → tab 2 socket C4001'), signIn('kills the cookie for good, over a restart, too')],
  },
  {
    row: 'which cookies are dead is not forgotten by a restart',
    without: [cut('server/auth/ended-sign-ins.ts', 'else if (parsed.untilMs > nowMs()) ended.set(parsed.id, parsed)', '')],
    tests: [signIn('kills the cookie for good, over a restart, too'), parts('stay so over a restart')],
  },
  {
    row: 'user disabled or role removed in mid-call → closed 4003 within 5 s',
    without: [cut(access, 'return endCalls(person => !mayStay(person), { code: \'access_withdrawn\' })', 'return 0')],
    tests: [reload('a token that was taken away ends its calls', 'another token under the same name', 'a new password signs everyone out', 'who is no longer on the list of guests', 'where people have to sign in from now on')],
  },
  {
    row: 'the secrets of a token that was taken away begin no more calls',
    without: [cut(access, 'forgetSecrets(person => !mayStay(person))', '')],
    tests: [reload('a token that was taken away ends its calls, opens no more, and its secrets begin none')],
  },
  {
    row: 'cookies of a password that was changed → 401',
    without: [cut('server/auth/sign-in-cookie.ts', 'live: ground === groundOf(by) && ', 'live: ')],
    tests: [reload('a new password signs everyone out')],
  },
  {
    row: 'who is no longer a guest → 401',
    without: [cut('server/auth/sign-in-cookie.ts', ' && mayTalk(person)', '')],
    tests: [reload('who is no longer on the list of guests')],
  },
  {
    row: 'SQL and other metacharacters as a token, in every header → 401',
    without: [cut('server/realtime/admission.ts', 'if (programsAreFree(settings)) return { person: caller }', 'return { person: caller }')],
    tests: [siege('SQL/NoSQL metacharacters in every auth header → 401'), signIn('a program with no token', 'a program with a wrong token', 'a program with a token of SQL')],
  },
  {
    row: 'an ephemeral secret that nobody gave → 401',
    without: [cut('server/realtime/admission.ts', 'case \'unknown_secret\': return refusal(', 'case \'unknown_secret\': return true ? { person: caller } : refusal(')],
    tests: [signIn('a program with an unknown secret'), testsOf('test/integration/client-secrets.test.ts')('that nobody gave is refused before the upgrade')],
  },
  {
    row: 'an ephemeral secret that is too old → 401',
    without: [cut('server/auth/client-secret.ts', 'return found && found.expiresAtMs > nowMs() ? found.claim', 'return found ? found.claim')],
    tests: [testsOf('test/unit/server/auth/client-secret.test.ts')('start as many sessions as wanted until they expire')],
  },
  {
    row: 'a cookie that somebody wrote or changed, or of another purpose → 401',
    without: [cut('server/auth/sealer.ts', 'kaiwa ${purpose} ${part}', 'kaiwa ${part}')],
    tests: [parts('can\'t be changed, and what was sealed for another purpose opens nothing')],
  },
  {
    row: 'a password guessed more than five times a minute → 429, and nobody else is locked out',
    without: [cut('server/auth/sign-in-limits.ts', 'if (own.over) return await refuse(key, own.res)', '')],
    tests: [siege('a password is guessed five times a minute'), signIn('can be guessed five times a minute'), parts('run out for one address and not for others')],
  },
  {
    row: 'guesses from everywhere at once → fewer for everyone, none in the end',
    without: [
      cut('server/auth/sign-in-limits.ts', 'together.consumedPoints >= WRONG_CLOSED) return', 'false) return'),
      cut('server/auth/sign-in-limits.ts', 'together.consumedPoints >= WRONG_TIGHT && ', 'false && '),
    ],
    tests: [parts('get fewer for everyone when many are wrong')],
  },
  {
    row: 'passwords are hashed two at a time: a crowd of guesses takes no CPU from calls',
    without: [cut('server/auth/password.ts', 'if (waiting.length >= MAX_WAITING) return \'busy\'', '')],
    tests: [parts('are checked two at a time; too many wait for none')],
  },
  {
    row: 'a wrong password → 401',
    without: [cut(request, 'if (outcome === \'wrong\') return', 'if (false) return')],
    tests: [signIn('that is wrong is refused', 'that is of SQL is refused')],
  },
  {
    row: 'a login that another site sends → 403',
    without: [cut(request, 'const misplaced = refuseForOrigin(ask.headers, house.settings)', 'const misplaced = undefined')],
    tests: [signIn('that is another site is refused')],
  },
  {
    row: 'a logout that another site sends → 403',
    without: [cut(request, 'const misplaced = refuseForOrigin(headers, house.settings)', 'const misplaced = undefined')],
    tests: [siege('a logout that another site sends is refused'), signIn('kills the cookie for good, over a restart, too')],
  },
  {
    row: 'a ticket that another site asks for → 403',
    without: [cut('server/realtime/call-request.ts', 'if (misplaced) return misplaced', '')],
    tests: [siege('https://evil.example as Origin → 403')],
  },
  {
    row: 'a secret that another site asks for → 403',
    without: [cut('server/realtime/secret-request.ts', 'if (misplaced) return misplaced', '')],
    tests: [testsOf('test/integration/client-secrets.test.ts')('opens nothing for a page of another site, nor is one given to it')],
  },
  {
    row: 'a form of another site, which may send text only → 400',
    without: [cut('server/realtime/call-request.ts', 'if (!/^application\\/json\\b/i.test(headers[\'content-type\'] ?? \'\')) return', 'if (false) return')],
    tests: [testsOf('test/unit/server/realtime/call-request.test.ts')('invalid_content_type')],
  },
  {
    row: 'X-Forwarded-For of anyone but a trusted proxy → not believed',
    without: [cut('server/auth/caller-address.ts', 'const trusts = proxyAddr.compile(trustedProxies)', 'const trusts = (_address: string, _hop: number) => trustedProxies.length >= 0')],
    tests: [signIn('one that isn\'t trusted is not believed')],
  },
  {
    row: 'an IPv6 household counts once: its /64',
    without: [cut('server/auth/caller-address.ts', 'if (address === undefined || isIP(address) !== 6) return', 'if (true) return')],
    tests: [parts('2001:db8:1:2:3:4:5:6 is counted with')],
  },
  {
    row: 'only loopback without sign-in: beyond it the server doesn\'t start',
    without: [cut('server/config/settings.ts', 'if (isLoopbackHost(host) || access.allowAnonymous', 'if (true || access.allowAnonymous')],
    tests: [testsOf('test/unit/server/config/settings.test.ts')('with no one to say who may talk')],
  },
  {
    row: 'an address that the provider hasn\'t verified counts for nobody',
    without: [cut('server/auth/oidc.ts', 'if (!email || verified !== true) return false', 'if (!email) return false')],
    tests: [signIn('lets nobody in but those allowed: {"email":"ann@example.org","email_verified":false}')],
  },
  {
    row: 'somebody whom the provider knows, and the list doesn\'t → not in',
    without: [cut('server/auth/oidc.ts', 'if (!isAllowed(claims, settings.allow)) throw new OidcError(\'not_allowed\')', '')],
    tests: [signIn('lets nobody in but those allowed')],
  },
  {
    row: 'a provider\'s answer with a bad signature → not in',
    without: [cut('server/auth/oidc.ts', 'const execute = [enableNonRepudiationChecks, ', 'const execute = [')],
    tests: [signIn('fails with a code when it is wrong: signature')],
  },
  {
    row: 'a way to another site in the address of the sign-in → stays here',
    without: [cut(request, 'to && to.length <= 512 && /^\\/(?![/\\\\])[^\\\\\\s\\p{Cc}]*$/u.test(to) ? to : \'/\'', 'to ?? \'/\'')],
    tests: [signIn('never leads to https://evil.example', 'never leads to //evil.example', 'never leads to javascript:'), parts('a path leads nowhere else, whatever it is')],
  },
]
