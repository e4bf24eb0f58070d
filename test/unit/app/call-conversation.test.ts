import { describe, expect, it } from 'vitest'
import { freshLine } from '../../../app/components/going-on.ts'
import { createCallConversation } from '../../../app/voice/call-conversation.ts'
import { requestCall } from '../../../app/voice/call-request.ts'
import type { CallState, CallSnapshot } from '../../../app/voice/call.ts'

const line = {} as NonNullable<CallSnapshot['line']>
const lost: CallState = { name: 'error', trouble: { code: 'upstream_lost', detail: '' } }
const continued = { of: 'conv_1', after_item_id: null, told_item_ids: ['a', 'b'], left_out_items: 0, persona_replaced: false }

/** A server that answers each request in turn. */
function asking(conversation: ReturnType<typeof createCallConversation>, ...answers: [status: number, body: unknown][]) {
  const bodies: unknown[] = []
  const fetch = async (_address: unknown, init?: RequestInit) => {
    bodies.push(JSON.parse(String(init!.body)))
    const [status, body] = answers[bodies.length - 1]!
    return Response.json(body, { status })
  }
  return { bodies, ask: () => requestCall({ fetch, setTimer: () => () => {} }, new AbortController().signal, { conversation }) }
}
const grant = { ticket: 't', url: 'ws://x', conversation_id: 'conv_2', continued: null }
const refused = (code: string) => ({ error: { type: 'invalid_request_error', code, message: 'No.' } })

describe('the conversation of a page’s calls', () => {
  it('is a new one unless somebody goes on with one', async () => {
    const conversation = createCallConversation(true)
    const { bodies, ask } = asking(conversation, [201, grant], [201, { ...grant, continued }])
    await ask()
    expect(conversation.current).toEqual({ id: 'conv_2', continued: undefined })
    conversation.goOn('conv_1', 'item_4')
    await ask()
    expect(bodies).toEqual([{}, { conversation_id: 'conv_1', after_item_id: 'item_4' }])
    expect(conversation.current?.continued).toEqual(continued)
  })

  it('is asked for once: another way of the same call doesn’t find it busy with itself', async () => {
    const conversation = createCallConversation(true)
    conversation.goOn('conv_1')
    const { bodies, ask } = asking(conversation, [201, grant], [201, grant])
    await ask()
    conversation.follow({ state: { name: 'listening' }, line })
    await ask()
    expect(bodies[1]).toEqual({})
  })

  it('goes on when somebody tries again after the line was lost, and is new after a call that ended', async () => {
    const conversation = createCallConversation(true)
    const { bodies, ask } = asking(conversation, [201, grant], [201, grant], [201, grant])
    await ask()
    conversation.follow({ state: { name: 'listening' }, line })
    conversation.follow({ state: lost, line })
    await ask()
    conversation.follow({ state: { name: 'listening' }, line })
    conversation.follow({ state: { name: 'ended', durationMs: 1, turns: 1 }, line })
    await ask()
    expect(bodies).toEqual([{}, { conversation_id: 'conv_2' }, {}])
  })

  it.each([[409, 'conversation_busy'], [404, 'conversation_not_found']])('of its own accord it goes on only where it can (%i %s)', async (status, code) => {
    const conversation = createCallConversation(true)
    const { bodies, ask } = asking(conversation, [201, grant], [status, refused(code)], [201, grant])
    await ask()
    conversation.follow({ state: { name: 'listening' }, line })
    conversation.follow({ state: lost, line })
    expect(await ask()).toMatchObject({ ok: true })
    expect(bodies).toEqual([{}, { conversation_id: 'conv_2' }, {}])
  })

  it('that somebody chose is never swapped for a new one', async () => {
    const conversation = createCallConversation(true)
    conversation.goOn('conv_1')
    const { bodies, ask } = asking(conversation, [409, refused('conversation_busy')])
    expect(await ask()).toMatchObject({ ok: false, code: 409, reason: 'invalid_request_error.conversation_busy' })
    expect(bodies).toHaveLength(1)
  })

  it('is never asked for where nothing is kept', async () => {
    const conversation = createCallConversation(false)
    const { bodies, ask } = asking(conversation, [201, grant], [201, grant])
    await ask()
    conversation.follow({ state: { name: 'listening' }, line })
    conversation.follow({ state: lost, line })
    await ask()
    expect(bodies[1]).toEqual({})
  })
})

describe('the line between a call and what was said before it', () => {
  it('says what the model was told', () => {
    expect(freshLine({ id: 'conv_1', continued })).toEqual({ how: 'told', count: 2, personaReplaced: false })
    expect(freshLine({ id: 'conv_1', continued: { ...continued, left_out_items: 3 } })).toMatchObject({ how: 'toldPart', count: 2 })
    expect(freshLine({ id: 'conv_3', continued: { ...continued, after_item_id: 'a' } })).toMatchObject({ how: 'branched' })
  })

  it('claims nothing where it was told nothing', () => {
    expect(freshLine(undefined)).toBeUndefined()
    expect(freshLine({ id: 'conv_1', continued: undefined })).toBeUndefined()
    expect(freshLine({ id: 'conv_1', continued: { ...continued, told_item_ids: [] } })).toBeUndefined()
  })
})
