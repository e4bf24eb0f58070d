import { cut, testsOf, type Defence } from './defence.ts'

const words = 'server/relay/server-event.ts'
const canaries = testsOf('test/integration/redaction.test.ts')
/** They look through what the others said and were told. */
const afterAll = ['goes in: by refusals, by errors, by calls', 'goes through calls that succeed and calls that fail']
const headers = testsOf('test/unit/server/security-headers/security-headers.test.ts')
const numbers = testsOf('test/unit/server/numbers/numbers.test.ts')

/** What nobody but its rightful reader may find. */
export const privacy: readonly Defence[] = [
  {
    row: 'an upstream that echoes the key → cut from what the client hears',
    without: [cut(words, 'if (!isError && !keys.some(key => text.includes(key as string))) return text', 'if (text) return text')],
    tests: [canaries('goes through calls that succeed and calls that fail'), testsOf('test/unit/server/relay/relay.test.ts')('cuts its key out of whatever the upstream says'), testsOf('test/unit/server/relay/server-event.test.ts')('are cut out of bytes and text')],
  },
  {
    row: 'whatever is logged with a secret in it → redacted',
    without: [cut('server/log.ts', 'write(redact(line, secrets))', 'write(line)')],
    tests: [testsOf('test/unit/server/log.test.ts')('holds no secret, wherever it stands in a line')],
  },
  {
    row: 'what was asked for, and where it failed, stands in no answer and no line of the log',
    without: [cut('server/error-handler.ts', 'if (import.meta.dev) return undefined', 'if (error) return undefined')],
    tests: [{ ...canaries('is in no answer: no page, no error page, no refusal'), after: afterAll }],
  },
  {
    row: 'a code that a caller or a model made up is no label of a metric',
    without: [cut('server/numbers/labels.ts', 'typeof said === \'string\' && set.has(said) ? said : OTHER', 'typeof said === \'string\' ? said : OTHER')],
    tests: [numbers('hold nothing that a caller or a model made up', 'give a model that a caller made up no name of its own')],
  },
  {
    row: 'the metrics, from elsewhere or without the token → refused',
    without: [cut('server/numbers/may-read-metrics.ts', 'return given !== undefined && timingSafeEqual(digest(given), digest(metricsToken))', 'return true')],
    tests: [testsOf('test/unit/server/numbers/may-read-metrics.test.ts')('with one, {} from', 'with one, { authorization: \'Bearer \' }')],
  },
  {
    row: 'the metrics, through a proxy on this machine → refused',
    without: [cut('server/numbers/may-read-metrics.ts', ' && FORWARDED.every(name => headers[name] === undefined)', '')],
    tests: [testsOf('test/unit/server/numbers/may-read-metrics.test.ts')('without a token set, { \'x-forwarded-for\'')],
  },
  {
    row: 'a provider is told that it is the same person, and not who',
    without: [cut('server/auth/safety-identifier.ts', 'createHmac(\'sha256\', key).update(`safety-identifier\\0${person.by}\\0${person.id}`).digest(\'hex\')', 'person.id')],
    tests: [testsOf('test/integration/relay-endings.test.ts')('the provider is told that it is the same person, and not who'), testsOf('test/unit/server/auth/seal-key.test.ts')('is the same for the same person')],
  },
  {
    row: 'every answer carries the headers that let no other site do anything',
    without: [cut('server/security-headers/response-headers.ts', 'response.setHeader(\'Permissions-Policy\', permissionsPolicy)\n    response.setHeader(CSP, plain)', '')],
    tests: [headers('are on every answer, and let no other origin do anything')],
  },
  {
    row: 'a script that got into a page doesn\'t run',
    without: [cut('server/security-headers/policies.ts', '\'script-src\': [\'\\\'self\\\'\', ...nonced,', '\'script-src\': [\'\\\'self\\\'\', \'\\\'unsafe-inline\\\'\',')],
    tests: [headers('lets scripts come from this server or carry the nonce'), testsOf('test/e2e/security-headers.test.ts')('runs nothing that got into it')],
  },
]
