import type { PersonaCard, PersonaFreedom, PersonaList } from '../../shared/personas.ts'
import type { Identity } from '../auth/identify.ts'
import { refuseForOrigin, signInRequired, type Knock, type Refusal } from '../realtime/admission.ts'
import type { Instance } from '../realtime/instance.ts'
import type { FreeFields } from '../policy/session-fields.ts'
import { callMinutes } from './persona.ts'
import type { CastPersona } from './personas.ts'

/** `GET /api/personas`: who can be talked to, without what is the operator's alone. */
export function listPersonas(ask: { headers: Knock['headers'], identity: Pick<Identity, 'visitor'> }, { personas, brain, settings }: Pick<Instance, 'personas' | 'brain' | 'settings'>): PersonaList | Refusal {
  // A browser names no origin when a page reads from its own server; another site's page couldn't read the answer.
  const misplaced = refuseForOrigin({ host: ask.headers.host, origin: ask.headers.origin }, settings)
  if (misplaced) return misplaced
  if (!ask.identity.visitor) return signInRequired(settings)
  return { personas: personas.list().map(met => cardOf(met, brain.voice, settings.maxCallMinutes)) }
}

function cardOf(met: CastPersona, ownVoice: string, serverMinutes: number): PersonaCard {
  const { persona } = met
  return {
    id: persona.id,
    name: persona.name,
    description: persona.description,
    languages: persona.languages,
    voice: persona.voice ?? (met.able ? met.brain.voice : ownVoice),
    brain: met.able ? met.brain.kind : met.kind,
    available: met.able,
    why: met.able ? null : met.why,
    greets: persona.greeting !== undefined,
    limits: { max_call_minutes: callMinutes(persona, serverMinutes) },
    free: freedomOf(persona.free),
  }
}

const freedomOf = ({ voice, speed, turnDetection, noiseReduction }: FreeFields): PersonaFreedom => ({
  ...(voice && { voice: voice === true ? true : [...voice] }),
  ...(speed && { speed }),
  ...(turnDetection && { turn_taking: turnDetection }),
  ...(noiseReduction && { noise_reduction: noiseReduction }),
})
