import { describe, expect, test } from 'vitest'
import { minutesSeconds } from '../../../../app/components/clock.ts'
import { conversationTitle } from '../../../../app/components/conversation-title.ts'
import { gatherWaits, waitFigures } from '../../../../app/components/drawer/waits.ts'
import { printLength, turnPrint } from '../../../../app/components/thread/turn-print.ts'
import { browserFamily } from '../../../../app/components/trouble/browser-family.ts'
import type { Turn } from '../../../../app/voice/call.ts'

describe('waits', () => {
  test('are gathered once each, when they are over', () => {
    const once = gatherWaits([], [{ fromMs: 1000, toMs: 1650 }, { fromMs: 9000 }])
    expect(once).toEqual([{ fromMs: 1000, ms: 650 }])
    expect(gatherWaits(once, [{ fromMs: 1000, toMs: 1650 }])).toBe(once)
    expect(gatherWaits(once, [{ fromMs: 9000, toMs: 9400 }])).toHaveLength(2)
  })

  test('are bounded: the oldest go', () => {
    const waits = gatherWaits([], Array.from({ length: 300 }, (_, index) => ({ fromMs: index, toMs: index + 1 })))
    expect(waits).toHaveLength(200)
    expect(waits[0]!.fromMs).toBe(100)
  })

  test('give the middle, the slowest and the fastest', () => {
    expect(waitFigures([500, 1204, 600, 700].map((ms, fromMs) => ({ fromMs, ms })))).toEqual({ median: 650, slowest: 1204, fastest: 500 })
    expect(waitFigures([])).toBeUndefined()
  })
})

describe('a turn’s print', () => {
  const strokes = Array.from({ length: 50 }, (_, index) => ({ atMs: index * 120, level: index / 50, state: index < 30 ? 'heard' as const : 'cut' as const }))

  test('is as long as the turn, up to its place in the margin', () => {
    expect([printLength(1000), printLength(5000), printLength(60_000)]).toEqual([2, 11, 26])
    expect(turnPrint({ startedAtMs: 0, durationMs: 5880 }, strokes)).toHaveLength(13)
  })

  test('keeps apart what was heard and what was not', () => {
    const print = turnPrint({ startedAtMs: 0, durationMs: 5880 }, strokes)
    expect(print[0]!.heard).toBe(true)
    expect(print.at(-1)!.heard).toBe(false)
  })

  test('is empty, not invented, when no stroke of the turn is left', () => {
    expect(turnPrint({ startedAtMs: 90_000, durationMs: 3000 }, strokes)).toEqual([])
  })
})

describe('names and times', () => {
  test('times read as a clock', () => {
    expect([minutesSeconds(0), minutesSeconds(76_400), minutesSeconds(3_725_000), minutesSeconds(-5)]).toEqual(['0:00', '1:16', '1:02:05', '0:00'])
  })

  test('a conversation is called by the user’s first words, cut at a word', () => {
    const turns = (text: string) => [{ startedAtMs: 0, segment: { speaker: 'user', text } } as Turn]
    expect(conversationTitle(turns('Kanazawa'))).toBe('Kanazawa')
    expect(conversationTitle(turns('Okay, so, Kanazawa. We get in on Saturday, and leave on Sunday.'))).toBe('Okay, so, Kanazawa. We get in on Saturday, and…')
    expect(conversationTitle([])).toBeUndefined()
  })
})

describe('whose steps help', () => {
  const agent = (userAgent: string, maxTouchPoints = 0) => browserFamily({ userAgent, maxTouchPoints })
  const webkit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'

  test('each browser gets its own', () => {
    expect(agent(`Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/150.0 Safari/537.36`)).toBe('chrome')
    expect(agent(`Mozilla/5.0 (Windows NT 10.0) ${webkit} Chrome/150.0 Safari/537.36 Edg/150.0`)).toBe('edge')
    expect(agent('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('firefox')
    expect(agent(`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/26.0 Safari/605.1.15`)).toBe('safari')
  })

  test('every browser on iOS is WebKit, and an iPad pretends to be a Mac', () => {
    expect(agent(`Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) ${webkit} CriOS/150.0 Safari/604.1`, 5)).toBe('ios')
    expect(agent(`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/26.0 Safari/605.1.15`, 5)).toBe('ios')
  })
})
