import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../../../server/relay/gate.ts'
import type { LinkListener } from '../../../../server/relay/link.ts'
import { createFanLink, MAX_ATTACHED } from '../../../../server/realtime/fan-link.ts'
import { createFakeLink } from '../../../fakes/fake-link.ts'

const MIB = 1024 * 1024

function fan({ awaitsPage = false, judge = (text: string): Verdict => ({ do: 'pass', text: `judged ${text}`, type: 'x' }) } = {}) {
  const link = createFanLink({ ids: prefix => `${prefix}_1`, nowMs: () => 0, awaitsPage })
  const learned: string[] = []
  const gateOf = (whose: string) => ({ check: (text: string | Buffer) => judge(`${whose}:${text.toString()}`), serverEvent: (event: { type: string }) => { learned.push(event.type) } })
  const gate = link.seat({ caller: gateOf('caller'), program: () => gateOf('program') })
  const passed: Verdict[] = []
  const closes: number[] = []
  const relay: LinkListener = {
    message: text => passed.push(gate.check(text, 0)),
    binary: () => undefined, socketDrained: () => undefined,
    closed: code => closes.push(code),
  }
  link.listen(relay)
  return { link, gate, passed, closes, learned }
}

const codes = (sent: string[]) => sent.map(text => (JSON.parse(text) as { error?: { code: string } }).error?.code)

describe('a call with several connections', () => {
  it('tells each what the model says, and the house only to the page', () => {
    const { link } = fan()
    const [page, channel, program] = [createFakeLink(), createFakeLink(), createFakeLink()]
    for (const [each, seat] of [[page, 'page'], [channel, 'channel'], [program, 'program']] as const) expect(link.attach(each, seat)).toBe(true)
    link.send('{"type":"response.created"}')
    link.send('{"type":"kaiwa.usage"}')
    expect([page, channel, program].map(({ sent }) => sent.length)).toEqual([2, 1, 1])
  })

  it('judges what each says by its own gate, and hands in what was judged, once', () => {
    const { link, passed, gate } = fan()
    const [page, program] = [createFakeLink(), createFakeLink()]
    link.attach(page, 'page')
    link.attach(program, 'program')
    page.says('hello')
    program.says('ahoy')
    expect(passed).toMatchObject([{ do: 'pass', text: 'judged caller:hello' }, { do: 'pass', text: 'judged program:ahoy' }])
    expect(gate.check('past the fan', 0)).toMatchObject({ do: 'refuse' })
  })

  it('hands in what a page says to this server', () => {
    const { link, passed } = fan({ judge: () => ({ do: 'take', word: { itemId: 'item_1', playedMs: 40 } }) })
    const page = createFakeLink()
    link.attach(page, 'page')
    page.says('heard')
    expect(passed).toEqual([{ do: 'take', word: { itemId: 'item_1', playedMs: 40 } }])
  })

  it('tells of a refusal to whom it concerns', () => {
    const { link, passed } = fan({ judge: () => ({ do: 'refuse', error: { type: 'invalid_request_error', code: 'event_not_allowed', message: 'No.', param: null, event_id: null }, type: 'x' }) })
    const [page, program] = [createFakeLink(), createFakeLink()]
    link.attach(page, 'page')
    link.attach(program, 'program')
    page.says('hello')
    program.saysBinary()
    expect([codes(page.sent), codes(program.sent), passed]).toEqual([['event_not_allowed'], ['invalid_event'], []])
  })

  it('ends the call of a caller who breaks the rules, and only the connection of a program that does', () => {
    const { link, passed } = fan({ judge: () => ({ do: 'end', fault: { code: 'rules_broken', what: 'unknown_events' } }) })
    const [page, program] = [createFakeLink(), createFakeLink()]
    link.attach(page, 'page')
    link.attach(program, 'program')
    program.says('{bad')
    expect([program.closedWith?.code, passed]).toEqual([1008, []])
    page.says('{bad')
    expect(passed).toMatchObject([{ do: 'end' }])
  })

  it.each([1000, 1001, 1005])('ends when the page says goodbye (%i)', code => {
    const { link, closes } = fan()
    const page = createFakeLink()
    link.attach(page, 'page')
    page.leaves(code)
    expect(closes).toEqual([1000])
  })

  it.each<['page' | 'channel' | 'program', number]>([['page', 1006], ['channel', 1000], ['program', 1000], ['program', 1006]])('goes on when a %s is gone with %i', (seat, code) => {
    const { link, closes } = fan()
    const one = createFakeLink()
    link.attach(one, seat)
    one.leaves(code)
    expect([closes, link.attached]).toEqual([[], 0])
  })

  it('lets a slow reader go by itself, and slows the model down for nobody', () => {
    const { link } = fan()
    const [slow, quick] = [createFakeLink(), createFakeLink()]
    link.attach(slow, 'program')
    link.attach(quick, 'page')
    slow.unread = 2 * MIB
    link.send('{"type":"response.created"}')
    expect([slow.closedWith?.code, link.unreadBytes, quick.sent.length]).toEqual([4008, 0, 1])
  })

  it('keeps what is said before the page\'s socket is there, in order; more than a mebibyte is too late', () => {
    const early = fan({ awaitsPage: true })
    early.link.send('{"type":"kaiwa.call"}')
    early.link.send('{"type":"session.created"}')
    const page = createFakeLink()
    early.link.attach(page, 'page')
    early.link.send('{"type":"response.created"}')
    expect(page.sent).toEqual(['{"type":"kaiwa.call"}', '{"type":"session.created"}', '{"type":"response.created"}'])
    const late = fan({ awaitsPage: true })
    for (let n = 0; n < 3; n++) late.link.send('x'.repeat(MIB / 2))
    const other = createFakeLink()
    late.link.attach(other, 'page')
    expect(other.closedWith?.code).toBe(4008)
    expect(late.closes).toEqual([])
  })

  it('keeps what is said while the page\'s socket is broken, and what it was told last: each with its id, so that the page takes it once', () => {
    const { link } = fan({ awaitsPage: true })
    const [first, second, third] = [createFakeLink(), createFakeLink(), createFakeLink()]
    const event = (n: number) => `{"type":"x","event_id":"event_${n}"}`
    link.attach(first, 'page')
    link.send(event(1))
    link.send('{"type":"without"}')
    first.leaves(1006)
    link.send(event(2))
    link.attach(second, 'page')
    link.send(event(3))
    expect(second.sent).toEqual([event(1), event(2), event(3)])
    // This server hasn't noticed that the second is gone.
    link.attach(third, 'page')
    expect([second.closedWith?.code, third.sent, link.attached]).toEqual([4000, [event(1), event(2), event(3)], 1])
    for (let n = 0; n < 1000; n++) link.send(event(n))
    third.leaves(1006)
    const fourth = createFakeLink()
    link.attach(fourth, 'page')
    expect(fourth.sent).toEqual(Array.from({ length: 200 }, (_, n) => event(800 + n)))
    fourth.leaves(1006)
    for (let n = 0; n < 3; n++) link.send('x'.repeat(MIB / 2))
    const late = createFakeLink()
    link.attach(late, 'page')
    expect(late.closedWith?.code).toBe(4008)
  })

  it('tells a program that comes later of the session as it is', () => {
    const { link, gate, learned } = fan()
    gate.serverEvent({ type: 'session.created', session: { id: 'sess_1', voice: 'old' } })
    gate.serverEvent({ type: 'session.updated', session: { id: 'sess_1', voice: 'new' } })
    const program = createFakeLink()
    link.attach(program, 'program')
    expect(JSON.parse(program.sent[0]!)).toEqual({ type: 'session.created', event_id: 'event_1', session: { id: 'sess_1', voice: 'new' } })
    expect(learned).toEqual(['session.created', 'session.updated'])
  })

  it('takes so many, and none when it is over', () => {
    const { link, closes } = fan()
    const links = Array.from({ length: MAX_ATTACHED + 1 }, createFakeLink)
    expect(links.map(one => link.attach(one, 'program')).filter(taken => !taken)).toHaveLength(1)
    link.leave()
    link.leave()
    expect([closes, links[0]!.closedWith?.code, link.attach(createFakeLink(), 'page')]).toEqual([[1000], 1000, false])
  })
})
