import type { CallFacts } from '../journal/call-journal.ts'
import { personKey } from '../metering/metering.ts'
import type { Persona } from '../personas/persona.ts'
import type { Brain } from './brain.ts'
import type { CallStart } from './calls.ts'

/** What a journal is told of a call. Programs' calls are kept like a page's: whoever has their token finds them, and their money counts. */
export function callFactsOf({ callId, conversationId, person, from, media, model, persona, goesOn }: CallStart, brain: Pick<Brain, 'kind' | 'model' | 'voice' | 'keys'>): CallFacts {
  return {
    callId, conversationId, owner: personKey(person), from, transport: media ? 'webrtc' : 'websocket', brain: brain.kind, model: model ?? brain.model,
    voice: from === 'page' ? persona?.voice ?? brain.voice : null, persona: persona ? personaThen(persona) : null, continues: goesOn?.continues ?? null, keys: brain.keys,
    ...(goesOn && { restored: goesOn.items.map(({ id }) => id) }),
  }
}

/** What it was when the call began; who answers for it, and with whose key, is left out. */
function personaThen({ id, version, brain: _brain, ...persona }: Persona): CallFacts['persona'] {
  return { id, name: persona.name.en, version, body: JSON.stringify({ ...persona, id }) }
}
