import { describe, expect, it } from 'vitest'
import { MAX_REJOINS, sidebandLink } from '../../../../server/realtime/sideband.ts'
import { UNHEARD_MS } from '../../../../server/realtime/sideband-tail.ts'
import type { DialResult } from '../../../../server/relay/upstream.ts'
import { createFakeLink, type FakeLink } from '../../../fakes/fake-link.ts'
import { createManualClock } from '../../../fakes/manual-clock.ts'

/** A call whose sideband can be joined again as long as `known`. */
function sideband({ goesOn = false } = {}) {
  const clock = createManualClock()
  const lines: FakeLink[] = [createFakeLink()]
  const lost: number[] = []
  const heard: string[] = []
  const closes: number[] = []
  const call = { known: true, held: false, aborted: false }
  let release = () => {}
  let ids = 0
  async function rejoin(signal: AbortSignal): Promise<DialResult> {
    signal.addEventListener('abort', () => { call.aborted = true })
    if (call.held) await new Promise<void>(resolve => { release = resolve })
    if (!call.known) return { ok: false, fault: { code: 'upstream_refused', status: 404, saidCode: undefined, retryAfterMs: undefined } }
    const line = createFakeLink()
    lines.push(line)
    return { ok: true, link: line }
  }
  const link = sidebandLink({ line: lines[0]!, rejoin, lost(code) { lost.push(code); return goesOn }, ids: prefix => `${prefix}_own${++ids}`, setTimer: clock.setTimer })
  link.listen({ message: text => heard.push(text.toString()), binary: () => undefined, socketDrained: () => undefined, closed: code => closes.push(code) })
  return { clock, lines, lost, heard, closes, call, link, release: () => release(), get line() { return lines.at(-1)! } }
}
const event = (id: string, type = 'response.output_text.delta', fields: object = {}) => JSON.stringify({ type, event_id: id, ...fields })
const response = (id: string, type: 'created' | 'done', of = 'resp_1') => event(id, `response.${type}`, { response: { id: of } })

describe('a sideband that drops', () => {
  it('is joined again; what was said to the model meanwhile follows in order, and a pause holds', async () => {
    const { line: first, lines, link, clock, lost, closes } = sideband()
    link.pause()
    first.leaves(1006)
    for (const text of ['one', 'two']) link.send(text)
    expect(link.unreadBytes).toBe(6)
    await clock.advance(0)
    expect([lines[1]!.sent, lines[1]!.paused, lost, closes]).toEqual([['one', 'two'], true, [], []])
    link.send('three')
    expect(lines[1]!.sent).toEqual(['one', 'two', 'three'])
  })

  it('is lost at once when the call isn\'t known any more', async () => {
    const { line, call, clock, lost, closes } = sideband()
    call.known = false
    line.leaves(1011)
    await clock.advance(0)
    expect([lost, closes]).toEqual([[1011], [1011]])
  })

  it('may be joined so often in one call, each time a little later, and is then lost', async () => {
    const line = sideband()
    for (let n = 0; n < MAX_REJOINS; n++) {
      line.line.leaves(1006)
      await line.clock.advance(2000)
    }
    expect([line.lines.length, line.lost]).toEqual([MAX_REJOINS + 1, []])
    line.line.leaves(1006)
    expect([line.lost, line.closes]).toEqual([[1006], [1006]])
  })

  it('is lost when more is said meanwhile than can wait', async () => {
    const { line, link, call, lost, clock } = sideband()
    call.held = true
    line.leaves(1006)
    await clock.advance(0)
    for (let n = 0; n < 5; n++) link.send('x'.repeat(300_000))
    expect([lost, call.aborted]).toEqual([[1006], true])
  })

  it('isn\'t joined any more when the call ends meanwhile; a line that comes too late is closed', async () => {
    const { line, lines, link, call, closes, lost, clock, release } = sideband()
    call.held = true
    line.leaves(1006)
    await clock.advance(0)
    link.close(1000, '')
    await clock.advance(0)
    release()
    await clock.advance(0)
    expect([closes, lost, call.aborted, lines[1]!.closedWith?.code, clock.pendingTimers]).toEqual([[1000], [], true, 1000, 0])
  })

  it('passes nothing twice that a server repeats, and tells of the session as one that goes on', async () => {
    const { line: first, lines, clock, heard } = sideband()
    first.says(event('event_0', 'session.created', { session: { id: 'sess_1' } }))
    first.says(event('event_1'))
    first.says(response('event_2', 'done'))
    first.leaves(1006)
    await clock.advance(0)
    const [, second] = lines
    second!.says(event('event_3', 'session.created', { session: { id: 'sess_1' } }))
    for (const text of [event('event_1'), response('event_2', 'done'), event('event_4')]) second!.says(text)
    expect(heard.slice(3)).toEqual([event('event_3', 'session.updated', { session: { id: 'sess_1' } }), event('event_4')])
  })

  it('leaves no response open of which nothing is heard any more, and ends none that is', async () => {
    const { line: first, lines, clock, heard } = sideband()
    for (const [n, of] of ['resp_gone', 'resp_here'].entries()) first.says(response(`event_${n}`, 'created', of))
    first.leaves(1006)
    await clock.advance(0)
    lines[1]!.says(event('event_9', 'response.output_text.delta', { response_id: 'resp_here' }))
    await clock.advance(UNHEARD_MS - 1)
    expect(heard).toHaveLength(3)
    await clock.advance(1)
    expect(heard.slice(3).map(text => JSON.parse(text) as object)).toMatchObject([{ type: 'response.done', response: { id: 'resp_gone', status: 'completed', usage: null } }])
  })
})
