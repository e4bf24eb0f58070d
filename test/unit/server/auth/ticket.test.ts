import { describe, expect, it } from 'vitest'
import { createTickets, TICKET_MS } from '../../../../server/auth/ticket.ts'

const claim = { callId: 'call_1', conversationId: 'conv_1', origin: 'http://localhost:3000', person: { by: 'anonymous' as const, id: undefined } }

function scene(maxTickets?: number) {
  let nowMs = 0
  const tickets = createTickets(() => nowMs, maxTickets)
  return { tickets, issue: () => tickets.issue(claim)!.ticket, wait: (ms: number) => { nowMs += ms } }
}

describe('tickets', () => {
  it('open one connection of the call they were made for', () => {
    const { tickets, issue } = scene()
    const ticket = issue()
    expect(ticket).toMatch(/^[\w-]{43}$/)
    expect(tickets.redeem(ticket, claim.origin)).toEqual(claim)
    expect(tickets.redeem(ticket, claim.origin)).toBeUndefined()
  })

  it('are spent by a try from another origin', () => {
    const { tickets, issue } = scene()
    const ticket = issue()
    expect(tickets.redeem(ticket, 'http://evil.example')).toBeUndefined()
    expect(tickets.redeem(ticket, claim.origin)).toBeUndefined()
  })

  it('last thirty seconds', () => {
    const { tickets, issue, wait } = scene()
    const [early, late] = [issue(), issue()]
    wait(TICKET_MS - 1)
    expect(tickets.redeem(early, claim.origin)).toEqual(claim)
    wait(1)
    expect(tickets.redeem(late, claim.origin)).toBeUndefined()
  })

  it('are never twice the same, and nothing else opens', () => {
    const { tickets, issue } = scene()
    expect(new Set(Array.from({ length: 100 }, issue)).size).toBe(100)
    for (const guess of ['', 'x', '__proto__', 'A'.repeat(43), 'A'.repeat(10_000)]) expect(tickets.redeem(guess, claim.origin)).toBeUndefined()
  })

  it('are bounded in number; expired ones make room', () => {
    const { tickets, wait } = scene(3)
    for (let n = 0; n < 3; n++) expect(tickets.issue(claim)).toBeDefined()
    expect(tickets.issue(claim)).toBeUndefined()
    wait(TICKET_MS)
    expect(tickets.issue(claim)).toBeDefined()
  })
})
