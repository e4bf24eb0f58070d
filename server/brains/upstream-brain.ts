import type { Brain } from '../realtime/brain.ts'
import { dialUpstream, upstreamAddress, type DialOptions } from '../relay/upstream.ts'

/** A server that speaks the Realtime API, and how it is spoken to. */
export interface UpstreamSettings { kind: 'openai' | 'azure', key: string | undefined, /** @default 'bearer' */ keyAs?: 'api-key' | 'bearer', baseUrl: URL, model: string, voice: string }

/** How an upstream is dialled. */
export type Dialing = Omit<DialOptions, 'signal'>

/** OpenAI, Azure or any server that speaks the Realtime API, behind a relay. Holds no state. */
export function upstreamBrain(settings: UpstreamSettings, dialing: Dialing = {}): Brain {
  const { kind, model: ownModel, voice, key } = settings
  return {
    kind,
    model: ownModel,
    voice,
    keys: key === undefined ? [] : [key],
    ready: true,
    atCapacity: false,
    warmUp: async () => undefined,
    info: async () => ({ brain: kind, model: ownModel, hearing: { able: true, by: kind } }),
    dial({ model = ownModel, intent }, signal) {
      return dialUpstream(upstreamAddress(settings, intent ? { intent } : { model }), { ...dialing, signal })
    },
    close: async () => undefined,
  }
}
