import { isLoopbackHost, type Settings } from '../config/settings.ts'
import type { Identity } from './identify.ts'
import { isReachedFromOutside } from './who-may.ts'

/**
 * Whether they see what everyone spends: named in KAIWA_OPERATORS by their verified address or their token's name; or, where nobody signs
 * in and only this machine reaches the server, whoever is there.
 */
export function isOperator({ program, visitor, address }: Pick<Identity, 'program' | 'visitor' | 'address'>, settings: Pick<Settings, 'host' | 'publicUrl' | 'access'>): boolean {
  const { operators } = settings.access
  if (program) return operators.includes(program.name)
  switch (visitor?.by) {
    case undefined: case 'password': return false
    // A name without a domain is a token's.
    case 'oidc': return visitor.email?.includes('@') === true && operators.includes(visitor.email.toLowerCase())
    // A proxy on this machine tells whom it asks for.
    case 'anonymous': return !isReachedFromOutside(settings) && address !== undefined && isLoopbackHost(address)
    default: return visitor satisfies never
  }
}
