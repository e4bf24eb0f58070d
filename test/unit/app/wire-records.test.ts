import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createWireRecords, shortenedJson, utf8Bytes } from '../../../app/voice/wire-records.ts'

const event = (type: string) => ({ type, known: true, atMs: 5 })
const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64')

describe('the records of the wire', () => {
  it('keep type, direction, time and size, in order', () => {
    const records = createWireRecords(run => run())
    records.add('out', '{"type":"a"}', event('a'))
    records.add('in', '{"type":"é"}', { ...event('é'), known: false })
    expect(records.view.list()).toEqual([
      { seq: 1, direction: 'out', type: 'a', atMs: 5, bytes: 12, json: '{"type":"a"}', known: true },
      { seq: 2, direction: 'in', type: 'é', atMs: 5, bytes: 13, json: '{"type":"é"}', known: false },
    ])
    expect(records.view.version).toBe(2)
  })

  it('hold the newest when there are too many, and count the rest', () => {
    const records = createWireRecords(run => run(), { records: 100, bytes: 1e6 })
    for (let i = 1; i <= 250; i++) records.add('in', String(i), event('n'))
    const list = records.view.list()
    expect(list.length).toBeLessThanOrEqual(100)
    expect(list.at(-1)!.seq).toBe(250)
    expect(records.view.dropped).toBe(250 - list.length)
    expect(list.every(({ seq }, i) => seq === list[0]!.seq + i)).toBe(true)
  })

  it('hold no more text than the bound', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 60 }), sizes => {
      const records = createWireRecords(run => run(), { records: 1000, bytes: 2000 })
      for (const size of sizes) records.add('in', 'x '.repeat(size / 2), event('n'))
      const list = records.view.list()
      expect(list.reduce((sum, { json }) => sum + json.length, 0)).toBeLessThanOrEqual(2000)
      expect(list.length + records.view.dropped).toBe(sizes.length)
    }))
  })

  it('tell of many records once per frame', () => {
    const frames: (() => void)[] = []
    const records = createWireRecords(run => frames.push(run))
    let told = 0
    const leave = records.view.subscribe(() => { told++ })
    for (let i = 0; i < 10; i++) records.add('in', 'x', event('x'))
    for (const frame of frames) frame()
    expect([frames.length, told]).toEqual([1, 1])
    leave()
    records.add('in', 'x', event('x'))
    expect(frames).toHaveLength(1)
  })

  it('give the same list until something changes', () => {
    const records = createWireRecords(run => run())
    records.add('in', 'x', event('x'))
    expect(records.view.list()).toBe(records.view.list())
  })
})

describe('the text of a record', () => {
  it('has sound and images replaced by their size, wherever they stand', () => {
    expect(shortenedJson(JSON.stringify({ type: 'a', audio: base64(1920) }))).toBe('{"type":"a","audio":"<1920 bytes>"}')
    expect(shortenedJson(JSON.stringify({ parts: [{ deep: base64(1001) }] }))).toBe('{"parts":[{"deep":"<1001 bytes>"}]}')
    expect(shortenedJson(JSON.stringify({ image_url: `data:image/png;base64,${base64(999)}` }))).toBe('{"image_url":"data:image/png;base64,<999 bytes>"}')
  })

  it('is otherwise as it was on the wire', () => {
    const text = JSON.stringify({ type: 'session.created', instructions: 'Speak kindly. '.repeat(100) })
    expect(shortenedJson(text)).toBe(text)
  })

  it('is cut when it is longer than anyone reads', () => {
    expect(shortenedJson('a b '.repeat(20_000))).toMatch(/… 47232 characters more$/)
  })
})

it('counts bytes as UTF-8 does', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => {
    expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length)
  }))
})
