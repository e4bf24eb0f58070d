import type { Brain } from '../realtime/brain.ts'
import { createUpstreamGuard, type UpstreamGuard } from '../relay/upstream-guard.ts'
import { dialSideband, hangUpUpstream, offerUpstream, rejoinSideband, type CallOptions } from '../relay/upstream-call.ts'
import { dialUpstream, upstreamAddress } from '../relay/upstream.ts'

/** A server that speaks the Realtime API, and how it is spoken to. */
export interface UpstreamSettings { kind: 'openai' | 'azure', key: string | undefined, /** @default 'bearer' */ keyAs?: 'api-key' | 'bearer', baseUrl: URL, model: string, voice: string }

/** Knows one key at a time: calls begin with the one of the moment, and keep it. */
export interface UpstreamBrain extends Brain {
  /** Whether it is another one. */
  takeKey(key: string | undefined): boolean
}

/** How an upstream is dialled. */
export type Dialing = Omit<CallOptions, 'signal'>

/** OpenAI, Azure or any server that speaks the Realtime API, behind a relay. Remembers nothing; its guard does, which several may share. */
export function upstreamBrain(
  settings: UpstreamSettings, dialing: Dialing = {}, guard: UpstreamGuard = createUpstreamGuard(() => performance.now()),
): UpstreamBrain {
  const { kind, model: ownModel, voice } = settings
  let { key } = settings
  return {
    kind,
    model: ownModel,
    voice,
    get keys() { return key === undefined ? [] : [key] },
    ready: true,
    atCapacity: false,
    get restingMs() { return guard.restingMs },
    get quietMs() { return guard.quietMs },
    warmUp: async () => undefined,
    info: async () => ({ brain: kind, model: ownModel, hearing: { able: true, by: kind } }),
    dial({ model = ownModel, intent, safetyIdentifier }, signal) {
      const address = upstreamAddress({ ...settings, key }, intent ? { intent } : { model })
      if (safetyIdentifier !== undefined) Object.assign(address.headers, safetyHeader(safetyIdentifier))
      return guard.dial(() => dialUpstream(address, { ...dialing, signal }), signal)
    },
    async answer({ sdp }, { model = ownModel, intent, session, safetyIdentifier }, signal) {
      // The call keeps the key that it began with.
      const access = { ...settings, key }
      const offered = await guard.dial(() => offerUpstream(access, {
        sdp,
        session: intent ? { ...session, type: intent } : { type: 'realtime', ...session, model },
        ...(safetyIdentifier !== undefined && { headers: safetyHeader(safetyIdentifier) }),
      }, { ...dialing, signal }), signal)
      if (!offered.ok) return offered
      const { callId } = offered
      return {
        ok: true,
        sdp: offered.sdp,
        sideband: joining => dialSideband(access, callId, { ...dialing, signal: joining }),
        rejoin: joining => rejoinSideband(access, callId, { ...dialing, signal: joining }),
        hangUp: () => hangUpUpstream(access, callId),
      }
    },
    takeKey(next) {
      const isNew = next !== key
      key = next
      return isNew
    },
    close: async () => undefined,
  }
}

const safetyHeader = (identifier: string) => ({ 'OpenAI-Safety-Identifier': identifier })
