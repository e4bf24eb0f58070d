import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spendingCsv } from '../../../../server/spending/spending-csv.ts'
import type { PersonLine } from '../../../../shared/spending.ts'

const line = (more: Partial<PersonLine> = {}): PersonLine => ({
  day: '2026-08-31', person: 'token:robot', name: 'robot', model: 'm', prices_of: null, responses: 2,
  usage: {
    usd: 0.0000001, transcription_seconds: 1.5, output_tokens: { text: 7, audio: 8 },
    input_tokens: { text: 1, audio: 2, image: 3, cached_text: 4, cached_audio: 5, cached_image: 6 },
  },
  ...more,
})

/** A reader of RFC 4180. */
function read(csv: string): string[][] {
  const rows: string[][] = []
  for (let at = 0, row: string[] = []; at < csv.length;) {
    const found = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(csv.slice(at))
    if (!found) throw new Error(`no CSV from ${at} on`)
    row.push(found[1]?.replaceAll('""', '"') ?? found[2]!)
    at += found[0].length
    if (found[3] === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

describe('spending as CSV', () => {
  it('has money without exponents, counts as they are, and nothing where nothing is known', () => {
    expect(spendingCsv([line(), line({ usage: { ...line().usage, usd: null } })]).split('\r\n').slice(1)).toEqual([
      '2026-08-31,token:robot,robot,m,,2,0.0000001,1,2,3,4,5,6,7,8,1.5', '2026-08-31,token:robot,robot,m,,2,,1,2,3,4,5,6,7,8,1.5', '',
    ])
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '＝1+1', '=HYPERLINK("http://evil","x")'])('holds no formula: %j', name => {
    expect(read(spendingCsv([line({ name })]))[1]![2]).toBe(`'${name}`)
  })

  it('whatever names and models are called: every line has as many fields as the header, and none begins a formula', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string())), names => {
      const rows = read(spendingCsv(names.map(([name, model]) => line({ name, model }))))
      expect(rows).toHaveLength(names.length + 1)
      for (const row of rows) {
        expect(row).toHaveLength(16)
        for (const text of row) expect(text).not.toMatch(/^[=+\-@＝＋－＠\t\r\n]/)
      }
    }))
  })
})
