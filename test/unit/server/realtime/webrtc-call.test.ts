import { describe, expect, it } from 'vitest'
import type { AnswerResult, Brain } from '../../../../server/realtime/brain.ts'
import { createMedia } from '../../../../server/realtime/webrtc-call.ts'
import { createWebrtcCalls } from '../../../../server/realtime/webrtc-calls.ts'
import { sidebandLink } from '../../../../server/realtime/sideband.ts'
import { createFakeLink } from '../../../fakes/fake-link.ts'
import { OFFER, offerLines, sdpOf } from '../../../fakes/sdp-offers.ts'

const asked = { model: undefined, intent: undefined }

function media({ kind = 'openai', offer = OFFER, locked = true, answer }: { kind?: Brain['kind'], offer?: string, locked?: boolean, answer?: NonNullable<Brain['answer']> } = {}) {
  const offered: string[] = []
  const logged: object[] = []
  let hangUps = 0
  const attached: string[] = []
  const plain: NonNullable<Brain['answer']> = async () => ({ ok: true, sdp: 'v=0\r\n', sideband: async () => ({ ok: true, link: createFakeLink() }), hangUp: async () => { hangUps++; return undefined } })
  const made = createMedia({
    brain: { kind, answer: (given, ...rest) => { offered.push(given.sdp); return (answer ?? plain)(given, ...rest) } },
    offer, locked, goesOnAlone: false, callId: 'call_1', ids: prefix => `${prefix}_1`, setTimer: () => () => undefined,
    fan: { seat: () => { throw new Error('not here') }, attach: (_link, seat) => { attached.push(seat); return true } },
    log: { error: (facts: object) => { logged.push(facts) } } as never,
    onAnswer: () => undefined,
    onEnd: () => undefined,
  })
  return { made, offered, logged, attached, hangUps: () => hangUps, plain }
}

describe('the media of a call', () => {
  it.each([['openai', true, false], ['azure', true, false], ['openai', false, true], ['local', true, true]] as const)('%s, locked %s: the data channel stays: %s', async (kind, locked, stays) => {
    const { made, offered } = media({ kind, locked })
    await made.dial(asked, new AbortController().signal, () => false)
    expect(offered[0]!.includes('m=application')).toBe(stays)
  })

  it('are not to be had of a locked caller whose data channel can\'t be taken out', async () => {
    const { made, offered } = media({ offer: sdpOf(...offerLines.session, ...offerLines.channel, ...offerLines.audio) })
    expect(await made.dial(asked, new AbortController().signal, () => false)).toMatchObject({ ok: false, fault: { code: 'offer_refused' } })
    expect(offered).toEqual([])
  })

  it('are hung up once, also when the answer comes after the call is over', async () => {
    let give: (result: AnswerResult) => void = () => {}
    const late = media({ answer: () => new Promise(resolve => { give = resolve }) })
    const leaving = new AbortController()
    const dialing = late.made.dial(asked, leaving.signal, () => false)
    leaving.abort()
    const hanging = Promise.all([late.made.hangUp(), late.made.hangUp()])
    give(await late.plain({ sdp: OFFER }, asked, leaving.signal))
    expect(await dialing).toMatchObject({ ok: false })
    await hanging
    expect(late.hangUps()).toBe(1)
  })

  it('that were never answered need no hang-up; one that fails is told', async () => {
    const never = media({ answer: async () => ({ ok: false, fault: { code: 'server_draining' } }) })
    await never.made.dial(asked, new AbortController().signal, () => false)
    await never.made.hangUp()
    expect([never.hangUps(), never.logged]).toEqual([0, []])
    const failing = media({ answer: async () => ({ ok: true, sdp: 'v=0\r\n', sideband: async () => ({ ok: true, link: createFakeLink() }), hangUp: async () => ({ code: 'server_draining' }) }) })
    await failing.made.dial(asked, new AbortController().signal, () => false)
    await failing.made.hangUp()
    expect(failing.logged).toMatchObject([{ call: 'call_1', fault: { code: 'server_draining' } }])
  })

  it('with a data channel that ends here have it among the call\'s connections', async () => {
    const { made, attached } = media({ kind: 'local', answer: async () => ({ ok: true, sdp: 'v=0\r\n', channel: createFakeLink(), sideband: async () => ({ ok: true, link: createFakeLink() }), hangUp: async () => undefined }) })
    await made.dial(asked, new AbortController().signal, () => false)
    expect(attached).toEqual(['channel'])
  })
})

describe('a server that can\'t have WebRTC', () => {
  const start = { callId: 'call_1', conversationId: 'conv_1', person: { by: 'anonymous' as const, id: undefined }, policy: 'locked' as const, model: undefined, intent: undefined, session: undefined, from: 'page' as const }

  it.each([['who answers has none', undefined, {}], ['it is switched off', 'It is switched off on this server.', { answer: async () => { throw new Error('not here') } }]] as const)('says so before a call begins: %s', async (_name, offBecause, part) => {
    const calls = createWebrtcCalls({
      calls: { begin: () => { throw new Error('not here') } }, brain: { kind: 'openai', ...part } as unknown as Brain, ids: prefix => `${prefix}_1`, nowMs: () => 0, setTimer: () => () => undefined,
      log: { error: () => undefined } as never, hasBudget: false, sidebandLost: 'end', ...(offBecause && { offBecause }),
    })
    expect(await calls.begin(start, OFFER, new AbortController().signal)).toMatchObject({ ok: false, fault: { code: 'webrtc_unavailable' } })
  })
})

describe('the sideband', () => {
  function joined(goesOn: boolean) {
    const line = createFakeLink()
    const lost: number[] = []
    const heard: (number | string)[] = []
    const link = sidebandLink({ line, lost: code => { lost.push(code); return goesOn }, ids: prefix => `${prefix}_1`, setTimer: () => () => undefined })
    link.listen({ message: text => heard.push(text.toString()), binary: () => heard.push('binary'), socketDrained: () => undefined, closed: code => heard.push(code) })
    return { line, link, lost, heard }
  }

  it.each([1000, 1001, 1008, 4000])('closed in order (%i) is the end of the call', code => {
    const { line, lost, heard } = joined(true)
    line.leaves(code)
    expect([lost, heard]).toEqual([[], [code]])
  })

  it.each([1006, 1011, 1012])('dropped (%i) is the end of it, or isn\'t, as the call decides', async code => {
    const ends = joined(false)
    ends.line.leaves(code)
    expect([ends.lost, ends.heard]).toEqual([[code], [code]])
    const stays = joined(true)
    stays.line.leaves(code)
    stays.link.send('nobody hears it')
    expect([stays.lost, stays.heard, stays.link.unreadBytes]).toEqual([[code], [], 0])
    stays.link.close(1000, '')
    await Promise.resolve()
    expect(stays.heard).toEqual([1000])
  })
})
