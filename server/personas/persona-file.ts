import { createHash } from 'node:crypto'
import { serverVadDefaults } from '@kaiwa/protocol'
import type { z } from 'zod'
import type { UpstreamChoice } from '../brains/brains.ts'
import type { FreeFields } from '../policy/session-fields.ts'
import type { Persona, PersonaFault } from './persona.ts'
import { fieldsAt, personaSchema, remedyForUnknown, TURN_TAKING_TYPES, type WrittenPersona } from './persona-schema.ts'
import { readYaml } from './yaml-document.ts'

export type PersonaReading = { ok: true, persona: Persona } | { ok: false, faults: PersonaFault[] }

const MAX_FAULTS = 10
const MAX_NAME_CHARS = 64

/** A file's text → a persona, or everything that is wrong with it. Pure; never throws. */
export function readPersona(file: string, id: string, text: string): PersonaReading {
  const read = readYaml(text)
  if (!read.ok) return { ok: false, faults: read.faults.map(fault => ({ file, field: '', ...fault })) }
  const parsed = personaSchema.safeParse(read.value)
  if (parsed.success) return { ok: true, persona: personaOf(id, text, parsed.data) }
  const faults = parsed.error.issues.flatMap(issue => explain(issue, read.value)).map(({ path, message }): PersonaFault => ({ file, field: path.join('.'), ...read.placeOf(path), message }))
  return { ok: false, faults: faults.sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_FAULTS) }
}

/** A schema's issue in words: the field, what it got, what it takes. */
function explain(issue: z.core.$ZodIssue, value: unknown): { path: PropertyKey[], message: string }[] {
  const { path } = issue
  const name = path.length > 0 ? `\`${path.join('.')}\`` : 'The file'
  switch (issue.code) {
    case 'custom': return [{ path, message: `${name} ${issue.message}` }]
    case 'unrecognized_keys': return issue.keys.slice(0, MAX_FAULTS).map(key => ({ path: [...path, key], message: `\`${[...path, key.slice(0, MAX_NAME_CHARS)].join('.')}\` is not a field: ${remedyForUnknown(key, fieldsAt(path, value))}` }))
    case 'invalid_union': return [{ path, message: path.at(-1) === 'type' ? `${name} has to be one of ${TURN_TAKING_TYPES}.` : `${name} has to hold ${TURN_TAKING_TYPES}.` }]
    default: return [{ path, message: `${name} has to hold fields, such as \`${path.length > 0 ? fieldsAt(path, value)[0] ?? 'type' : 'name'}: …\`.` }]
  }
}

function personaOf(id: string, text: string, said: WrittenPersona): Persona {
  return {
    id,
    version: createHash('sha256').update(text).digest('base64url').slice(0, 16),
    name: said.name,
    description: said.description ?? { en: '' },
    languages: said.languages ?? [],
    brain: { kind: said.brain, upstream: said.upstream && upstreamOf(said.upstream, said.brain, said.model!) },
    model: said.model,
    voice: said.voice,
    instructions: said.instructions,
    greeting: said.greeting,
    turnDetection: said.turn_taking === undefined ? { ...serverVadDefaults } : said.turn_taking,
    transcription: said.transcription === 'none' ? null : said.transcription,
    noiseReduction: said.noise_reduction === undefined || said.noise_reduction === 'none' ? null : { type: said.noise_reduction },
    reasoning: said.reasoning ?? 'low',
    maxOutputTokens: said.max_output_tokens ?? 'inf',
    speed: said.speed ?? 1,
    limits: { maxCallMinutes: said.limits?.max_call_minutes, budgetUsd: said.limits?.budget_usd },
    free: freeOf(said.free),
  }
}

const upstreamOf = ({ base_url: baseUrl, key_from: keyFrom, auth }: NonNullable<WrittenPersona['upstream']>, brain: WrittenPersona['brain'], model: string): UpstreamChoice =>
  ({ baseUrl, keyFrom, keyAs: auth ?? (brain === 'azure' ? 'api-key' : 'bearer'), model })

function freeOf({ voice, speed, turn_taking: turnDetection, noise_reduction: noiseReduction }: NonNullable<WrittenPersona['free']> = {}): FreeFields {
  return { ...(voice && { voice }), ...(speed && { speed }), ...(turnDetection && { turnDetection }), ...(noiseReduction && { noiseReduction }) }
}
