import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { safetyIdentifierOf } from '../../../../server/auth/safety-identifier.ts'
import { readSealKey } from '../../../../server/auth/seal-key.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'kaiwa-seal-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })
const file = () => join(folder, 'data', 'seal-key')

describe('the key that seals', () => {
  it('is made once, in a folder that is made with it, for nobody else to read', () => {
    const key = readSealKey(join(folder, 'data'))
    expect(key).toHaveLength(32)
    expect(readSealKey(join(folder, 'data'))).toEqual(key)
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    chmodSync(file(), 0o644)
    readSealKey(join(folder, 'data'))
    expect(statSync(file()).mode & 0o777).toBe(0o600)
  })

  it('that is damaged, or can\'t be kept, is replaced for as long as the process lives, and the operator hears of it', () => {
    const heard: string[] = []
    readSealKey(join(folder, 'data'))
    writeFileSync(file(), 'not a key')
    const [one, other] = [readSealKey(join(folder, 'data'), sentence => heard.push(sentence)), readSealKey(join(folder, 'data'), sentence => heard.push(sentence))]
    expect(one).toHaveLength(32)
    expect(one).not.toEqual(other)
    expect(readFileSync(file(), 'utf8')).toBe('not a key')
    readSealKey(file(), sentence => heard.push(sentence))
    expect(heard).toHaveLength(3)
    for (const sentence of heard) expect(sentence).toMatch(/KAIWA_DATA_DIR\.$/)
  })
})

describe('what a provider is told of a person', () => {
  const key = Buffer.alloc(32, 7)
  it('is the same for the same person, differs for others and for another key, and says nothing', () => {
    const ann = safetyIdentifierOf({ by: 'password', id: 'ann', signInId: '1', name: undefined }, key)
    expect(ann).toMatch(/^[\da-f]{64}$/)
    expect(safetyIdentifierOf({ by: 'password', id: 'ann', signInId: '2', name: 'Ann' }, key)).toBe(ann)
    expect(safetyIdentifierOf({ by: 'token', id: 'ann', name: 'ann' }, key)).not.toBe(ann)
    expect(safetyIdentifierOf({ by: 'password', id: 'ann', signInId: '1', name: undefined }, Buffer.alloc(32, 8))).not.toBe(ann)
  })
  it('is nothing for somebody who can\'t be told apart', () => { expect(safetyIdentifierOf({ by: 'anonymous', id: undefined }, key)).toBeUndefined() })
})
