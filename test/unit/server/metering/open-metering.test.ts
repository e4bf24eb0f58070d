import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SettingsError, type Settings } from '../../../../server/config/settings.ts'
import { openMetering } from '../../../../server/metering/open-metering.ts'
import { anna, MODEL, spoken } from './metering-scene.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
let dir: string
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'kaiwa-metering-')) })
afterEach(() => rmSync(dir, { recursive: true }))

const brains = {
  openai: { kind: 'openai', key: 'k', baseUrl: new URL('https://api.openai.com/v1'), model: MODEL, voice: 'marin' },
  azure: { kind: 'azure', key: 'k', keyAs: 'api-key', baseUrl: new URL('https://r.openai.azure.com/openai/v1'), model: 'our-voice', voice: 'marin' },
  local: { kind: 'local', voice: 'marin', model: 'kaiwa-local' },
} satisfies Record<string, Settings['brain']>

function openWith({ brain = 'openai', dataDir = dir, ...budgets }: Partial<Settings['budgets']> & { brain?: keyof typeof brains, dataDir?: string } = {}) {
  const troubles: { what: string }[] = []
  const all = { perCallUsd: undefined, perPersonDayUsd: undefined, perDayUsd: undefined, pricesFile: undefined, ...budgets }
  let number = 0
  const metering = openMetering({ brain: brains[brain], budgets: all, dataDir }, { nowMs: () => NOON, ids: prefix => `${prefix}_${++number}`, onTrouble: trouble => troubles.push(trouble) })
  const answer = (model = brains[brain].model) => {
    const { observer, end } = metering.begin({ callId: 'call_1', person: anna, model, onUsage() {}, onLimit() {}, onSpent() {} })
    observer.serverEvent!({ type: 'response.done', response: { id: 'resp_1', usage: spoken(10_000) } })
    end()
  }
  return { metering, troubles, answer }
}

const file = (content: string) => {
  const path = join(dir, 'prices.json')
  writeFileSync(path, content)
  return path
}
const ownPrices = JSON.stringify({ date: '2027-01-02', models: { 'our-voice': { text: { in: 1, cached: 0.1, out: 2 }, audio: { in: 3, cached: 0.3, out: 4 } } } })

describe('metering as the settings say', () => {
  it('remembers the day\'s spending over a restart', async () => {
    const before = openWith({ perPersonDayUsd: 0.5 })
    before.answer()
    await before.metering.flush()
    const after = openWith({ perPersonDayUsd: 0.5 })
    expect(after.metering.refusal(anna)).toBe('person')
    expect(after.metering.totals().all.usd).toBe(0.64)
    expect(after.troubles).toEqual([])
  })

  it('prices a deployment by the operator\'s file', () => {
    const { metering, answer } = openWith({ brain: 'azure', perDayUsd: 1, pricesFile: file(ownPrices) })
    answer()
    expect(metering.totals().all.usd).toBe(0.04)
    expect(metering.isPriced(MODEL)).toBe(false)
  })

  it('writes nothing for the embedded engine, which costs nothing', async () => {
    const { metering, answer } = openWith({ brain: 'local', perDayUsd: 0.01 })
    answer('gpt-realtime-2.1')
    await metering.flush()
    expect(readdirSync(dir)).toEqual([])
    expect(metering.refusal(anna)).toBeUndefined()
  })

  it('prices a call by who answers it, where that is not the server\'s own, and keeps what it cost', async () => {
    const here = openWith({ brain: 'local' })
    expect(here.metering.isPriced('invented', 'openai')).toBe(false)
    expect(here.metering.isPriced(MODEL, 'openai')).toBe(true)
    expect(openWith({ brain: 'azure' }).metering.isPriced('kaiwa-local', 'local')).toBe(true)
    const { observer, end } = here.metering.begin({ callId: 'call_1', person: anna, model: MODEL, brain: 'openai', onUsage() {}, onLimit() {}, onSpent() {} })
    observer.serverEvent!({ type: 'response.done', response: { id: 'resp_1', usage: spoken(10_000) } })
    end()
    await here.metering.flush()
    expect(openWith({ brain: 'local' }).metering.totals().all.usd).toBe(0.64)
  })

  it('goes on when the folder that a first charge needs can\'t be made, and says so once', () => {
    const { metering, troubles } = openWith({ brain: 'local', dataDir: file('a file, no folder') })
    for (const callId of ['call_1', 'call_2']) {
      const { observer, end } = metering.begin({ callId, person: anna, model: MODEL, brain: 'openai', onUsage() {}, onLimit() {}, onSpent() {} })
      observer.serverEvent!({ type: 'response.done', response: { id: 'resp_1', usage: spoken(10_000) } })
      end()
    }
    expect(troubles).toEqual([expect.objectContaining({ what: 'not_kept', why: 'ENOTDIR' })])
    expect(metering.totals().all.usd).toBe(1.28)
  })

  it('with a budget refuses to start where spending can\'t be kept; without one it goes on and says so', () => {
    const dataDir = file('a file, no folder')
    expect(() => openWith({ dataDir, perDayUsd: 1 })).toThrow(SettingsError)
    expect(() => openWith({ dataDir, perDayUsd: 1 })).toThrow(/^A budget is set, but what is spent can't be written to \S+spending \(ENOTDIR\); make that folder writable, or name another with KAIWA_DATA_DIR\.$/)
    const { troubles, answer, metering } = openWith({ dataDir })
    answer()
    expect(troubles).toEqual([expect.objectContaining({ what: 'not_kept', why: 'ENOTDIR' })])
    expect(metering.totals().all.usd).toBe(0.64)
  })

  it('with a budget refuses to start with a model that has no price', () => {
    expect(() => openWith({ brain: 'azure', perCallUsd: 1 })).toThrow(/^A budget is set, but the model "our-voice" has no price.*KAIWA_PRICES\.$/)
    expect(openWith({ brain: 'azure' }).metering.isPriced('our-voice')).toBe(false)
  })

  it.each([['missing.json', undefined, 'ENOENT'], ['not JSON', '{', 'not JSON'], ['a wrong field', '{"date":"2027-01-02","models":{"m":{"text":5}}}', 'models → m']])(
    'refuses to start with prices that can\'t be used: %s', (name, content, says) => {
      const pricesFile = content === undefined ? join(dir, name) : file(content)
      expect(() => openWith({ pricesFile })).toThrow(SettingsError)
      expect(() => openWith({ pricesFile })).toThrow(pricesFile)
      expect(() => openWith({ pricesFile })).toThrow(says)
    })
})
