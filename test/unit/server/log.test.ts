import { describe, expect, it } from 'vitest'
import { createLog, redact } from '../../../server/log.ts'

const KEY = 'sk-canary-"quoted"-1234'

describe('the log', () => {
  it('holds no secret, wherever it stands in a line', () => {
    let lines = ''
    const log = createLog({ level: 'debug', secrets: [KEY], write: line => { lines += line } })
    log.info(`dialling with ${KEY}`)
    log.error({ err: new Error(`refused: ${KEY}`), deep: { list: [KEY] }, [KEY]: 1 }, 'failed')
    log.warn({ headers: { authorization: 'Bearer other', 'api-key': 'other' }, ticket: 'other' })
    expect(lines.split('\n').filter(Boolean).map(line => JSON.parse(line))).toHaveLength(3)
    expect(lines).not.toContain('canary')
    expect(lines).not.toContain('other')
    expect(lines).toContain('failed')
  })

  it('leaves what is too short to be a secret', () => { expect(redact('a cat', ['a', ''])).toBe('a cat') })

  it('keeps to its level', () => {
    let lines = ''
    createLog({ level: 'warn', secrets: [], write: line => { lines += line } }).info('quiet')
    expect(lines).toBe('')
  })
})
