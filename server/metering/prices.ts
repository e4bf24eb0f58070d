import { z } from 'zod'
import { priceList } from './price-list.ts'

/**
 * Money is counted in nano-dollars, 1e-9 USD, in whole numbers: a price of up to three decimals per million tokens is a whole
 * number of them per token, so sums are exact, up to nine million dollars.
 */
export const NANO_PER_USD = 1e9

/** Nano-dollars per token. */
export interface ModalityPrices { in: number, cached: number, out: number }
export interface ModelPrices { text: ModalityPrices, audio: ModalityPrices, image: ModalityPrices }
/** By time: nano-dollars per minute; by tokens: nano-dollars per token. */
export type TranscriptionPrices = { by: 'time', perMinute: number } | { by: 'tokens', in: number, out: number }

/** A price and the date of the list that it stands in. */
export interface Dated<P> { prices: P, date: string }

export interface Prices {
  /** By exact name, or as a dated snapshot of a named model; undefined: no price. */
  model(name: string): Dated<ModelPrices> | undefined
  /** What a transcription costs in a call of `model`. Without a price of its own: as `model` where that is free or has none, else as the dearest known one. */
  transcription(name: string | undefined, model: string): Dated<TranscriptionPrices> | undefined
}

/** One sentence for the operator: the file, the field, what it takes. */
export class PricesError extends Error {}

const MAX_MODELS = 1000
const perMillion = z.number().min(0).max(100_000).refine(usd => Math.abs(Math.round(usd * 1000) - usd * 1000) < 1e-6, 'takes US dollars per million tokens with at most three decimals')
const cachedIsCheaper = ({ in: fresh, cached }: { in: number, cached: number }) => cached <= fresh
const dearCache = { path: ['cached'], message: 'can\'t be more than `in`' }
const spoken = z.strictObject({ in: perMillion, cached: perMillion, out: perMillion }).refine(cachedIsCheaper, dearCache)
const seen = z.strictObject({ in: perMillion, cached: perMillion }).refine(cachedIsCheaper, dearCache)
const unconfirmed = z.array(z.string()).optional()
const model = z.union([z.literal('free'), z.strictObject({ text: spoken, audio: spoken, image: seen.optional(), unconfirmed })])
const transcription = z.union([
  z.literal('free'),
  z.strictObject({ per_minute: z.number().min(0).max(1000), unconfirmed }),
  z.strictObject({ in: perMillion, out: perMillion, unconfirmed }),
])
const few = (record: object) => Object.keys(record).length <= MAX_MODELS
const list = z.strictObject({
  date: z.iso.date(),
  source: z.string().optional(),
  models: z.record(z.string(), model).refine(few, `takes at most ${MAX_MODELS} models`).default({}),
  transcription: z.record(z.string(), transcription).refine(few, `takes at most ${MAX_MODELS} models`).default({}),
})
export type PriceList = z.input<typeof list>

const nothing: ModalityPrices = { in: 0, cached: 0, out: 0 }
const free: ModelPrices = { text: nothing, audio: nothing, image: nothing }
const freeTranscription: TranscriptionPrices = { by: 'time', perMinute: 0 }

/** USD per million tokens → nano-dollars per token. */
const perToken = (usd: number) => Math.round(usd * 1000)
const modality = (prices: { in: number, cached: number, out?: number }): ModalityPrices =>
  ({ in: perToken(prices.in), cached: perToken(prices.cached), out: perToken(prices.out ?? 0) })

function modelPrices(given: z.output<typeof model>): ModelPrices {
  if (given === 'free') return free
  // Images of a model that has no price for them count as what is dearest.
  return { text: modality(given.text), audio: modality(given.audio), image: modality(given.image ?? given.audio) }
}

function transcriptionPrices(given: z.output<typeof transcription>): TranscriptionPrices {
  if (given === 'free') return freeTranscription
  return 'per_minute' in given
    ? { by: 'time', perMinute: Math.round(given.per_minute * NANO_PER_USD) }
    : { by: 'tokens', in: perToken(given.in), out: perToken(given.out) }
}

/** What zod found, in words; a union's own message says nothing, so its options' are looked through for the nearest. */
function complaint(issues: z.core.$ZodIssue[]): { field: string, says: string } {
  const issue = issues[0]
  if (issue?.code === 'invalid_union') {
    const options = issue.errors.filter(errors => errors.some(error => error.path.length > 0 || error.code === 'unrecognized_keys'))
    const nearest = options.sort((one, other) => one.length - other.length)[0]
    if (!nearest) return { field: issue.path.join(' → '), says: 'takes prices or "free"' }
    const inner = complaint(nearest)
    return { field: [...issue.path, inner.field].filter(part => part !== '').join(' → '), says: inner.says }
  }
  return { field: issue?.path.join(' → ') ?? '', says: issue ? issue.message : 'is not usable' }
}

/**
 * Reads an operator's price file.
 * @param name How the operator knows the file.
 * @throws PricesError
 */
export function parsePriceList(text: string, name: string): z.output<typeof list> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new PricesError(`The prices in ${name} can't be read: it is not JSON.`)
  }
  const result = list.safeParse(json)
  if (result.success) return result.data
  const { field, says } = complaint(result.error.issues)
  throw new PricesError(`The prices in ${name} can't be used: ${field === '' ? 'the file' : `\`${field}\``}: ${says}.`)
}

/** A dated snapshot costs what its model costs; any other ending is another model. */
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/

function find<P>(from: ReadonlyMap<string, Dated<P>>, name: string): Dated<P> | undefined {
  return from.get(name) ?? from.get(name.replace(SNAPSHOT, ''))
}

/** The price of a minute, for comparing: ten tokens a second go in, and at most three come out. */
const minuteOf = (prices: TranscriptionPrices) => prices.by === 'time' ? prices.perMinute : prices.in * 600 + prices.out * 180

/**
 * Whose list counts: `built_in` where models carry their maker's names; `own` where names are the operator's (deployments): only
 * the operator's file; `free`: nothing costs anything that the operator's file doesn't name.
 */
export type PricedBy = 'built_in' | 'own' | 'free'

/** The operator's list over the built-in one; either's models keep their list's date. */
export function createPrices(by: PricedBy, own?: PriceList): Prices {
  const models = new Map<string, Dated<ModelPrices>>()
  const transcriptions = new Map<string, Dated<TranscriptionPrices>>()
  for (const given of [by === 'built_in' ? priceList as PriceList : undefined, own]) {
    if (!given) continue
    const { date, ...parsed } = list.parse(given)
    for (const [name, prices] of Object.entries(parsed.models)) models.set(name, { prices: modelPrices(prices), date })
    for (const [name, prices] of Object.entries(parsed.transcription)) transcriptions.set(name, { prices: transcriptionPrices(prices), date })
  }
  const dearest = [...transcriptions.values()].sort((one, other) => minuteOf(other.prices) - minuteOf(one.prices))[0]
  const { date } = priceList
  const modelOf = (name: string) => find(models, name) ?? (by === 'free' ? { prices: free, date } : undefined)

  return {
    model: modelOf,
    transcription(name, inModel) {
      const known = name === undefined ? undefined : find(transcriptions, name)
      if (known) return known
      const around = modelOf(inModel)
      if (!around) return undefined
      return isFree(around.prices) ? { prices: freeTranscription, date: around.date } : dearest
    },
  }
}

export const isFree = ({ text, audio, image }: ModelPrices) => [text, audio, image].every(prices => prices.in + prices.cached + prices.out === 0)
