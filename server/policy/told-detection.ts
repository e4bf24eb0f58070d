import { serverVadDefaults } from '@kaiwa/protocol'
import type { ServerEventFacts } from '../relay/gate.ts'

/** As the model's side wrote it: fields that we don't know are in it too. */
type Told = Readonly<Record<string, string | number | boolean | null>>
type Json = Record<string, unknown>

/** An upstream's first settings, ours, and those that the page was allowed: few. Full ⇒ the oldest is forgotten. */
const MAX_TOLD = 4
/** Turn detection is a handful of plain values; anything else isn't remembered. */
const MAX_FIELDS = 16

/**
 * The turn detection that the model's side says is in force. A page that took it away while a key was held may give exactly that back,
 * whatever it may change otherwise.
 */
export interface ToldDetection {
  learn(event: ServerEventFacts): void
  /** The update with turn detection left off, and what stood there, when that is what the model's side once told. */
  givenBack(event: Json): { rest: Json, detection: Told } | undefined
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const inner = (value: unknown, key: string) => isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
const inputOf = (event: Json) => inner(inner(inner(event, 'session'), 'audio'), 'input')

const isPlain = (value: unknown) => value === null || typeof value === 'boolean' || typeof value === 'number' || (typeof value === 'string' && value.length <= 64)

function isTold(value: unknown): value is Told {
  if (!isObject(value)) return false
  const values = Object.values(value)
  return values.length <= MAX_FIELDS && values.every(isPlain)
}

const same = (told: Told, asked: Json) =>
  Object.keys(told).length === Object.keys(asked).length && Object.entries(told).every(([key, value]) => Object.hasOwn(asked, key) && asked[key] === value)

export function createToldDetection(): ToldDetection {
  let told: readonly Told[] = []
  return {
    learn(event) {
      if (event.type !== 'session.created' && event.type !== 'session.updated') return
      // Where a server leaves it out, a client takes the protocol's default for granted.
      const said = inner(inputOf(event), 'turn_detection')
      const detection = said === undefined ? serverVadDefaults : said
      if (isTold(detection) && !told.some(before => same(before, detection))) told = [...told, { ...detection }].slice(-MAX_TOLD)
    },
    givenBack(event) {
      const input = inputOf(event)
      const asked = inner(input, 'turn_detection')
      if (!isObject(input) || !isObject(asked)) return undefined
      const detection = (told.length > 0 ? told : [serverVadDefaults]).find(before => same(before, asked))
      if (!detection) return undefined
      const { session } = event as { session: Json }
      return { detection, rest: { ...event, session: { ...session, audio: { ...session.audio as Json, input: { ...input, turn_detection: null } } } } }
    },
  }
}
