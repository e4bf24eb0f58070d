import type { Brain } from '../realtime/brain.ts'
import { createUpstreamGuard } from '../relay/upstream-guard.ts'
import { dialUpstream, upstreamAddress, type DialOptions } from '../relay/upstream.ts'

/** A server that speaks the Realtime API, and how it is spoken to. */
export interface UpstreamSettings { kind: 'openai' | 'azure', key: string | undefined, /** @default 'bearer' */ keyAs?: 'api-key' | 'bearer', baseUrl: URL, model: string, voice: string }

/** How an upstream is dialled. */
export type Dialing = Omit<DialOptions, 'signal'>

/** OpenAI, Azure or any server that speaks the Realtime API, behind a relay. Remembers only whether it could be reached. */
export function upstreamBrain(settings: UpstreamSettings, dialing: Dialing = {}): Brain {
  const { kind, model: ownModel, voice, key } = settings
  const guard = createUpstreamGuard(() => performance.now())
  return {
    kind,
    model: ownModel,
    voice,
    keys: key === undefined ? [] : [key],
    ready: true,
    atCapacity: false,
    get restingMs() { return guard.restingMs },
    warmUp: async () => undefined,
    info: async () => ({ brain: kind, model: ownModel, hearing: { able: true, by: kind } }),
    dial({ model = ownModel, intent, safetyIdentifier }, signal) {
      const address = upstreamAddress(settings, intent ? { intent } : { model })
      if (safetyIdentifier !== undefined) address.headers['OpenAI-Safety-Identifier'] = safetyIdentifier
      return guard.dial(() => dialUpstream(address, { ...dialing, signal }), signal)
    },
    close: async () => undefined,
  }
}
