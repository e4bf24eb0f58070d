import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parsePriceList } from '../../../../server/metering/prices.ts'
import { createNumbers } from '../../../../server/numbers/numbers.ts'

const guide = readFileSync(join(process.cwd(), 'docs/operating.md'), 'utf8')

describe('docs/operating.md', () => {
  it('has every metric of our own in its table, with its labels, and no other', () => {
    const told = [...guide.matchAll(/^\| `(kaiwa_\w+)` \|([^|]*)\|/gm)].map(row => ({ name: row[1]!, labels: [...row[2]!.matchAll(/`(\w+)`/g)].map(label => label[1]!) }))
    const own = createNumbers({ processMetrics: false }).list().map(({ name, labels }) => ({ name, labels }))
    expect(told.sort((a, b) => a.name < b.name ? -1 : 1)).toEqual(own)
  })

  it('names only metrics that there are', () => {
    const names = createNumbers().list().map(metric => metric.name)
    expect([...guide.matchAll(/`((?:nodejs|process)_\w+)`/g)].map(found => found[1]!).filter(name => !name.endsWith('_') && !names.includes(name))).toEqual([])
  })

  it('shows a price file that the server takes', () => {
    const example = /```json\n([\s\S]+?)```/.exec(guide)![1]!
    expect(Object.keys(parsePriceList(example, 'the example').models)).toEqual(['my-deployment'])
  })

  it('names only settings that there are', () => {
    const known = readFileSync(join(process.cwd(), '.env.example'), 'utf8')
    expect([...guide.matchAll(/\bKAIWA_[A-Z_]+[A-Z]/g)].map(found => found[0]).filter(name => !new RegExp(`^# ${name}=`, 'm').test(known))).toEqual([])
  })
})
