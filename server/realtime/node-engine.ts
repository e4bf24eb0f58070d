import type { LocalEngine } from './brain.ts'

/** The embedded engine on Node's stages. Loaded when first needed: with a key nobody pays for it. */
export async function startNodeEngine(): Promise<LocalEngine> {
  throw new Error('this build has no engine.')
}
