import { createHash } from 'node:crypto'
import type { SessionUpdateEvent } from '@kaiwa/protocol'
import type { Person } from './person.ts'

/** What a secret stands for. */
export interface SecretClaim {
  /** Sessions begin with these settings. `undefined`: with the server's. */
  session: SessionUpdateEvent['session'] | undefined
  /** Who asked for it: its calls are theirs. */
  person: Person
}

export const SECRET_PREFIX = 'ek_'
const SHAPE = /^ek_\w{21}$/

/** Secrets that are still good, and the characters of their settings together. Full ⇒ none are given. */
export interface SecretLimits { secrets: number, chars: number }
const secretLimits: SecretLimits = { secrets: 10_000, chars: 16 * 1024 * 1024 }

export interface ClientSecrets {
  /** A new secret, `ek_` and 21 characters (125 bit), or `undefined` when too many are good. */
  issue(claim: SecretClaim, lifeMs: number): { value: string, expiresAtMs: number } | undefined
  /** Whose secret it is, as often as asked until it expires: it limits the beginning of sessions, not their length. */
  claimOf(value: string): SecretClaim | undefined
  /** Those of whoever matches are good no longer. */
  forget(match: (person: Person) => boolean): void
}

export interface ClientSecretsOptions {
  nowMs: () => number
  /** `ids('ek')` must be impossible to guess. */
  ids: (prefix: string) => string
  limits?: SecretLimits
}

/** Ephemeral secrets (Realtime API, `client_secrets`): for browsers and devices that shall hold no lasting key. Only digests are kept. */
export function createClientSecrets({ nowMs, ids, limits = secretLimits }: ClientSecretsOptions): ClientSecrets {
  const good = new Map<string, { claim: SecretClaim, chars: number, expiresAtMs: number }>()
  const digest = (value: string) => createHash('sha256').update(value).digest('base64url')
  let heldChars = 0

  /** Lives differ, so the order of issue is not that of expiry: all are looked at. */
  function sweep() {
    for (const [key, { chars, expiresAtMs }] of good) {
      if (expiresAtMs > nowMs()) continue
      good.delete(key)
      heldChars -= chars
    }
  }

  return {
    issue(claim, lifeMs) {
      sweep()
      const chars = JSON.stringify(claim).length
      if (good.size >= limits.secrets || heldChars + chars > limits.chars) return undefined
      const value = ids('ek')
      const expiresAtMs = nowMs() + lifeMs
      good.set(digest(value), { claim, chars, expiresAtMs })
      heldChars += chars
      return { value, expiresAtMs }
    },
    forget(match) {
      for (const [key, { claim, chars }] of good) {
        if (!match(claim.person)) continue
        good.delete(key)
        heldChars -= chars
      }
    },
    claimOf(value) {
      const found = SHAPE.test(value) ? good.get(digest(value)) : undefined
      return found && found.expiresAtMs > nowMs() ? found.claim : undefined
    },
  }
}
