import { serverVadDefaults, type TurnDetection } from '@kaiwa/protocol'
import { z } from 'zod'
import { httpUrl } from '../config/setting-kinds.ts'

/** A value that is wrong is told with what the field takes; `hidden`: without the value, which may be a key by mistake. */
function field<T>(takes: string, parse: (value: unknown) => T | undefined, hidden = false) {
  return z.unknown().transform((value, context): T => {
    const parsed = parse(value)
    if (parsed !== undefined) return parsed
    context.addIssue({ code: 'custom', message: `${hidden && value !== undefined && value !== null ? 'is not usable (its value is not shown)' : shown(value)}; it takes ${takes}.`, input: value })
    return z.NEVER
  })
}

const MAX_SHOWN_CHARS = 60
function shown(value: unknown): string {
  if (value === undefined) return 'is missing'
  if (value === null || value === '') return 'is empty'
  const text = JSON.stringify(value) ?? String(value)
  return `is ${text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text}`
}

const fromSchema = <T>(takes: string, schema: z.ZodType<T>) => field(takes, value => schema.safeParse(value).data)
const number = (min: number, max: number) => fromSchema(`a number from ${min} to ${max}`, z.number().min(min).max(max))
const whole = (min: number, max: number, unit = '') => fromSchema(`a whole number ${unit}from ${min} to ${max}`, z.int().min(min).max(max))
const oneOf = <const T extends string>(values: readonly T[]) => fromSchema(values.map(value => `\`${value}\``).join(', ').replace(/, ([^,]*)$/, ' or $1'), z.enum(values))
const yesNo = fromSchema('`true` or `false`', z.boolean())
const textOf = (maxChars: number) => fromSchema(`a text of at most ${maxChars} characters`, z.string().trim().min(1).max(maxChars))
const nameOf = (what: string) => fromSchema(what, z.string().regex(/^[\w.:@/-]{1,128}$/))

/** By language, or one text for all. */
const localText = (maxChars: number) => fromSchema(`a text of at most ${maxChars} characters, or one each for \`en\` and \`ja\``, z.union([
  z.string().trim().min(1).max(maxChars).transform(en => ({ en })),
  z.strictObject({ en: z.string().trim().min(1).max(maxChars), ja: z.string().trim().min(1).max(maxChars).optional() }),
]))

const milliseconds = whole(0, 10_000, 'of milliseconds ')
const responding = { create_response: yesNo.optional(), interrupt_response: yesNo.optional() }

/** The numbers of the protocol ("Session object"), which stand in where none are given. */
const turnTaking = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('server_vad'),
    threshold: number(0, 1).optional(),
    prefix_padding_ms: milliseconds.optional(),
    silence_duration_ms: milliseconds.optional(),
    idle_timeout_ms: whole(5000, 30_000, 'of milliseconds ').optional(),
    ...responding,
  }),
  z.strictObject({ type: z.literal('semantic_vad'), eagerness: oneOf(['low', 'medium', 'high', 'auto']).optional(), ...responding }),
  z.strictObject({ type: z.literal('none') }),
]).transform((said): TurnDetection | null => {
  switch (said.type) {
    case 'none': return null
    case 'server_vad': return { ...serverVadDefaults, ...given(said) }
    case 'semantic_vad': return { eagerness: 'auto', create_response: true, interrupt_response: true, ...given(said) }
    default: return said satisfies never
  }
})

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> }
const given = <T extends object>(fields: T) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>

const upstream = z.strictObject({
  base_url: field('an http or https address such as https://api.example.org/v1, without a key in it', value => typeof value === 'string' ? httpUrl('').parse(value) : undefined, true),
  key_from: field('the name of an environment variable that holds the key', value => typeof value === 'string' && /^[A-Z_][A-Z0-9_]{0,127}$/.test(value) ? value : undefined, true).optional(),
  auth: oneOf(['bearer', 'api-key']).optional(),
})

const free = z.strictObject({
  voice: fromSchema('`true`, or a list of voices', z.union([z.literal(true), z.array(z.string().regex(/^[\w.:@/-]{1,128}$/)).min(1).max(50)])).optional(),
  speed: fromSchema('`true`', z.literal(true)).optional(),
  turn_taking: fromSchema('`true`', z.literal(true)).optional(),
  noise_reduction: fromSchema('`true`', z.literal(true)).optional(),
})

/** A persona as it is written. */
export const personaSchema = z.strictObject({
  name: localText(60),
  description: localText(300).optional(),
  languages: fromSchema('a list of at most 10 ISO 639-1 codes such as [en, ja]', z.array(z.string().regex(/^[a-z]{2}$/)).max(10)).optional(),
  brain: oneOf(['local', 'openai', 'azure']).optional(),
  upstream: upstream.optional(),
  model: nameOf('a model\'s name').optional(),
  voice: nameOf('a voice\'s name').optional(),
  instructions: textOf(32_000),
  greeting: textOf(2000).optional(),
  turn_taking: turnTaking.optional(),
  transcription: nameOf('a model\'s name, or `none`').optional(),
  noise_reduction: oneOf(['near_field', 'far_field', 'none']).optional(),
  reasoning: oneOf(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
  max_output_tokens: fromSchema('a whole number from 1 to 4096, or `inf`', z.union([z.literal('inf'), z.int().min(1).max(4096)])).optional(),
  speed: number(0.25, 1.5).optional(),
  limits: z.strictObject({ max_call_minutes: whole(1, 10_000).optional(), budget_usd: fromSchema('an amount in US dollars, more than 0', z.number().gt(0).max(1_000_000)).optional() }).optional(),
  free: free.optional(),
}).superRefine(({ brain, upstream, model }, context) => {
  const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
  if (!upstream) return
  if (brain === 'local') refuse(['upstream'], 'can\'t be there with `brain: local`; leave one of them out.')
  else if (model === undefined) refuse(['model'], 'is missing; an `upstream` needs the name of a model that it has (on Azure, the deployment\'s).')
})

export type WrittenPersona = z.infer<typeof personaSchema>

/** What stands in a file and has a better place, or none yet. */
const remedies: Record<string, string> = {
  tools: 'tools are not in this version; leave it out.',
  key: 'keys stay in the environment; name the variable in `upstream.key_from`.',
  api_key: 'keys stay in the environment; name the variable in `upstream.key_from`.',
  id: 'a persona is called by its file\'s name; leave it out.',
  language: 'it is called `languages`, a list such as [en].',
}

/** `prompt` → what to do about a field that nobody knows; `siblings`: those that are known there. */
export const remedyForUnknown = (name: string, siblings: readonly string[]) =>
  Object.hasOwn(remedies, name) ? remedies[name]! : `the fields here are ${siblings.map(sibling => `\`${sibling}\``).join(', ')}.`

/** Fields that can stand at a place, for the message about one that can't. */
export function fieldsAt(path: readonly PropertyKey[], value: unknown): string[] {
  switch (path.join('.')) {
    case '': return Object.keys(personaSchema.shape)
    case 'upstream': return Object.keys(upstream.shape)
    case 'free': return Object.keys(free.shape)
    case 'limits': return ['max_call_minutes', 'budget_usd']
    case 'turn_taking': {
      const kind = (value as { turn_taking?: { type?: unknown } }).turn_taking?.type
      const found = turnTaking.in.options.find(option => option.shape.type.value === kind)
      return Object.keys(found?.shape ?? {})
    }
    default: return []
  }
}

/** What a field holds that should hold others. */
export const TURN_TAKING_TYPES = '`type: server_vad`, `type: semantic_vad` or `type: none`'
