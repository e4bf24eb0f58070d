import { describe, expect, it } from 'vitest'
import { createClientSecrets, type SecretLimits } from '../../../../server/auth/client-secret.ts'
import { randomId } from '../../../../server/realtime/ids.ts'

const claim = { person: { by: 'anonymous' as const, id: undefined }, session: { type: 'realtime' as const, instructions: 'Be brief.' } }

function scene(limits?: SecretLimits) {
  let nowMs = 0
  const secrets = createClientSecrets({ nowMs: () => nowMs, ids: randomId, limits })
  return { secrets, issue: (lifeMs = 10_000) => secrets.issue(claim, lifeMs), wait: (ms: number) => { nowMs += ms } }
}

describe('ephemeral secrets', () => {
  it('start as many sessions as wanted until they expire', () => {
    const { secrets, issue, wait } = scene()
    const { value, expiresAtMs } = issue()!
    expect(value).toMatch(/^ek_\w{21}$/)
    expect(expiresAtMs).toBe(10_000)
    expect([secrets.claimOf(value), secrets.claimOf(value)]).toEqual([claim, claim])
    wait(9_999)
    expect(secrets.claimOf(value)).toEqual(claim)
    wait(1)
    expect(secrets.claimOf(value)).toBeUndefined()
  })

  it('are never twice the same, and nothing else opens', () => {
    const { secrets, issue } = scene()
    expect(new Set(Array.from({ length: 100 }, () => issue()!.value)).size).toBe(100)
    for (const guess of ['', 'ek_', '__proto__', `ek_${'A'.repeat(21)}`, `ek_${'A'.repeat(10_000)}`]) expect(secrets.claimOf(guess)).toBeUndefined()
  })

  it('are bounded in number; the expired make room, in whatever order they were made', () => {
    const { issue, wait } = scene({ secrets: 2, chars: 10_000 })
    expect([issue(60_000), issue(10_000), issue()].map(Boolean)).toEqual([true, true, false])
    wait(10_000)
    expect([issue(), issue()].map(Boolean)).toEqual([true, false])
  })

  it('are bounded in what their settings hold together', () => {
    const { issue, wait } = scene({ secrets: 100, chars: JSON.stringify(claim).length * 2 })
    expect([issue(), issue(), issue()].map(Boolean)).toEqual([true, true, false])
    wait(10_000)
    expect(issue()).toBeDefined()
  })
})
