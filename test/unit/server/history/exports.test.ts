import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cuesOf, toSrt, toVtt } from '../../../../server/history/captions.ts'
import { asFile } from '../../../../server/history/file-name.ts'
import { firstWords, firstWordsTitle } from '../../../../server/history/first-words.ts'
import { heardText } from '../../../../server/history/heard-text.ts'
import { toJsonDocument } from '../../../../server/history/json-export.ts'
import { toMarkdown } from '../../../../server/history/markdown.ts'
import { timelineOf } from '../../../../server/history/timeline.ts'
import { keptItem } from '../../../fakes/journalled-call.ts'
import { conversation, said, whole } from './kept.ts'

const talk = conversation([
  said('item_1', 'How tall is the tower?', -200, 1500),
  said('item_2', 'It has one hundred and thirty-one metres, and stands at the station.', 2000, 3700, { role: 'assistant', cutAtMs: 1700, responseId: 'resp_1' }),
  said('item_3', 'And <b>when</b> --> was it built?', 3500, 5000),
  keptItem('item_4', '{"q":"`x`"}', { kind: 'function_call', role: null, name: 'search', toolCallId: 'tool_1', medium: 'text' }),
  keptItem('item_5', '1964', { kind: 'function_call_output', role: null, toolCallId: 'tool_1', medium: 'text' }),
])

describe('Markdown', () => {
  it('is a conversation to read', () => {
    expect(toMarkdown(whole(talk))).toBe(`# Towers of Kyoto

- Began: 2026-10-09 08:30 UTC
- With: Guide

## 2026-10-09 08:30 UTC

**You** (0:00)

How tall is the tower?

**Guide** (0:02)

It has one hundred and *(interrupted)*

**You** (0:03)

And \\<b\\>when\\</b\\> --\\> was it built?

**Tool \`search\`**

\`\`\`
{"q":"\`x\`"}
\`\`\`

**Result**

\`\`\`
1964
\`\`\`
`)
  })

  it('makes nothing of what was said', () => {
    const hostile = '# Title\n- list\n1. one\n<script>alert(1)</script> [link](javascript:x) ![i](x) `code` **bold** a_b_c | x | &amp; \u202Eevil'
    const text = toMarkdown(whole(conversation([keptItem('item_1', hostile), keptItem('item_2', '``` ````\n# x', { kind: 'function_call_output', role: null })], { title: hostile })))
    expect(text).toContain('\\# Title\n\\- list\n1\\. one\n\\<script\\>alert(1)\\</script\\> \\[link\\](javascript:x) !\\[i\\](x) \\`code\\` \\*\\*bold\\*\\* a\\_b\\_c \\| x \\| \\&amp;')
    expect(text).toContain('`````\n``` ````\n# x\n`````')
    expect(text).not.toContain('\u202E')
    expect(text.split('\n')[0]).toMatch(/^# \\# Title - list/)
  })
})

describe('captions', () => {
  const cues = cuesOf(talk, timelineOf(talk, []))

  it('say what was spoken when: what was cut ends where it was cut, whoever is talked over gives way', () => {
    expect(toSrt(cues)).toBe(`1
00:00:00,000 --> 00:00:01,700
You: How tall is the tower?

2
00:00:02,200 --> 00:00:03,700
Guide: It has one hundred and

3
00:00:03,700 --> 00:00:05,200
You: And ‹b›when‹/b› → was it built?
`)
    expect(toVtt(cues)).toBe(`WEBVTT

00:00:00.000 --> 00:00:01.700
<v You>How tall is the tower?</v>

00:00:02.200 --> 00:00:03.700
<v Guide>It has one hundred and</v>

00:00:03.700 --> 00:00:05.200
<v You>And &lt;b&gt;when&lt;/b&gt; → was it built?</v>
`)
  })

  it('of several calls come one after the other', () => {
    const call = talk.callsOf[0]!
    const two = conversation([said('item_1', 'One', 0, 1000), { ...said('item_2', 'Two', 500, 900), callId: 'call_2' }], { callsOf: [call, { ...call, id: 'call_2' }] })
    expect(cuesOf(two, timelineOf(two, [])).map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([[0, 1000], [1500, 1900]])
  })

  it('never overlap, never go back, lose no word, and fit a screen', () => {
    const items = fc.array(fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 300 }), fromMs: fc.integer({ min: -500, max: 20_000 }), lengthMs: fc.integer({ min: 0, max: 9000 }) }), { maxLength: 12 })
    fc.assert(fc.property(items, all => {
      const kept = conversation(all.map(({ text, fromMs, lengthMs }, at) => said(`item_${at}`, text, fromMs, fromMs + lengthMs)))
      const made = cuesOf(kept, timelineOf(kept, []))
      made.forEach((cue, at) => {
        expect(cue.toMs).toBeGreaterThan(cue.fromMs)
        if (at > 0) expect(cue.fromMs).toBeGreaterThanOrEqual(made[at - 1]!.toMs)
        expect([...cue.text].length).toBeLessThanOrEqual(84)
      })
      const signs = (text: string) => [...text.replace(/[\p{C}\s]+/gu, '').replaceAll('-->', '→')].length
      expect(made.reduce((sum, cue) => sum + signs(cue.text), 0)).toBe(all.reduce((sum, { text }) => sum + signs(text), 0))
    }))
  })
})

describe('JSON', () => {
  it('is the document that docs/export.md describes', () => {
    const personas = [{ version: 'v1', id: 'guide', name: 'Guide', body: '{"id":"guide","voice":"marin"}' }]
    expect(toJsonDocument(whole(conversation([said('item_1', 'Hello', 0, 900)])), personas)).toEqual({
      format: 'kaiwa-conversation', version: 1, id: 'conv_1', title: 'Towers of Kyoto', title_by: 'words', summary: null, began_at_ms: 1_791_534_600_000, last_at_ms: 1_791_534_660_000,
      usd: 0.012, branch_of: null,
      personas: [{ id: 'guide', name: 'Guide', version: 'v1', settings: { id: 'guide', voice: 'marin' } }],
      calls: [{
        id: 'call_1', conversation_id: 'conv_1', began_at_ms: 1_791_534_600_000, ended_at_ms: 1_791_534_660_000, ended_how: 'client', model: 'gpt-realtime-2.1', brain: 'openai',
        transport: 'websocket', persona: { id: 'guide', name: 'Guide' }, persona_version: 'v1',
      }],
      items: [{
        id: 'item_1', conversation_id: 'conv_1', call_id: 'call_1', at_ms: 1_791_534_600_000, kind: 'message', role: 'user', text: 'Hello', text_state: 'final', heard_text: null,
        medium: 'voice', status: 'completed', cut_at_ms: null, span: { from_ms: 0, to_ms: 900 }, response_id: null, name: null, tool_call_id: null,
      }],
      responses: [], latencies: [],
    })
  })
})

describe('a file\'s name', () => {
  it.each([
    ['Towers of Kyoto', 'kaiwa-2026-10-09-towers-of-kyoto.md', 'kaiwa-2026-10-09-towers-of-kyoto.md'],
    ['京都の塔', 'kaiwa-2026-10-09.md', `kaiwa-2026-10-09-${encodeURIComponent('京都の塔')}.md`],
    ['../../etc/passwd', 'kaiwa-2026-10-09-etc-passwd.md', 'kaiwa-2026-10-09-etc-passwd.md'],
    ['CON: "a"\r\nSet-Cookie: x=1; \\..|?*', 'kaiwa-2026-10-09-con-a-set-cookie-x-1.md', 'kaiwa-2026-10-09-con-a-set-cookie-x-1.md'],
    [null, 'kaiwa-2026-10-09.md', 'kaiwa-2026-10-09.md'],
  ])('of %j is safe everywhere', (title, plain, encoded) => {
    expect(asFile('kaiwa', title, talk.beganAtMs, 'md')).toEqual(['Content-Disposition', `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`])
  })

  it('is a header whatever the title is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), title => {
      expect(asFile('kaiwa', title, 0, 'md')[1]).toMatch(/^attachment; filename="[a-z\d.-]+"; filename\*=UTF-8''[\w.%~-]+$/)
    }))
  })
})

describe('first words', () => {
  it.each([
    ['Good morning. How are you?', 'Good morning'], ['What is 3.14 times two?', 'What is 3.14 times two?'], ['今日はいい天気ですね。散歩に行きましょう。', '今日はいい天気ですね'],
    [' \n\u0000 ', undefined], ['…!?', undefined], [`${'long '.repeat(40)}`, `${'long '.repeat(11).trim()}…`],
  ])('of %j are %j', (text, title) => { expect(firstWords(text)).toBe(title) })

  it('are the person\'s, where they are known', () => {
    expect(firstWordsTitle([keptItem('a', 'Welcome', { role: 'assistant' }), keptItem('b', ''), keptItem('c', 'Thanks')])).toBe('Thanks')
    expect(firstWordsTitle([keptItem('a', 'Welcome', { role: 'assistant' })])).toBe('Welcome')
    expect(firstWordsTitle([])).toBeUndefined()
  })
})

describe('what was heard of a text', () => {
  it('ends with a whole word, and grows with the time', () => {
    const text = 'It has one hundred and thirty-one metres.'
    expect([0, 500, 1000, 1700, 60_000].map(ms => heardText(text, ms))).toEqual(['', 'It has', 'It has one', 'It has one hundred and', text])
    expect(heardText('今日はいい天気です', 700)).toBe('今日はいい')
  })
})
