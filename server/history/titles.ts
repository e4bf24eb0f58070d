import type { CallJournal } from '../journal/call-journal.ts'
import type { Journal } from '../journal/journal.ts'
import type { Log } from '../log.ts'
import { personKey, type Metering } from '../metering/metering.ts'
import type { Numbers } from '../numbers/numbers.ts'
import type { Brain } from '../realtime/brain.ts'
import type { CallStart } from '../realtime/calls.ts'
import type { RelayClock } from '../relay/relay.ts'
import type { RelayObserver } from '../relay/observer.ts'
import type { Store, StoredConversation } from '../store/store.ts'
import type { Person } from '../auth/person.ts'
import { saidOf } from './conversation-view.ts'
import { firstWordsTitle } from './first-words.ts'
import { askForTitle } from './title-session.ts'

/** Gives conversations their titles: the first words at once, later what the model makes of it. Never in place of a person's. */
export interface Titles {
  begin(call: TitledCall): { observer: RelayObserver, /** The call is over, and its journal ended. */ ended(): void }
  /** Nothing is asked, or waits to be. */
  idle(): Promise<void>
  /** No more of them; what is under way is let go. */
  close(): void
}

export interface TitledCall { start: CallStart, brain: Brain, journal: Pick<CallJournal, 'beside'> }

export interface TitlesOptions {
  store: Pick<Store, 'get' | 'entitle'>
  journal: Pick<Journal, 'caughtUp'>
  /** Whether a model is asked at the end of a call that it answered. */
  asksModel(brain: Pick<Brain, 'kind'>): boolean
  metering: Pick<Metering, 'begin' | 'refusal'>
  numbers: Pick<Numbers, 'used'>
  safetyIdentifierOf(person: Person): string | undefined
  ids: (prefix: string) => string
  clock: RelayClock
  log: Pick<Log, 'warn'>
}

/** So often words are looked for while a call goes on; its end is one more time. */
const TRIES = 4
const CAUGHT_UP_MS = 5000
/** Conversations that wait for the model, one asked after the other. Full ⇒ further ones keep their first words. */
const MAX_WAITING = 50
/** With one question a conversation is called like that question. */
const LEAST_SAID = 2
/** Of a long conversation the beginning and the end are shown. */
const SHOWN_CHARS = 3000
/** After these there may be words. */
const TELLING = new Set(['conversation.item.input_audio_transcription.completed', 'response.done'])

export function createTitles({ store, journal, asksModel, metering, numbers, safetyIdentifierOf, ids, clock, log }: TitlesOptions): Titles {
  const over = new AbortController()
  const waiting: (() => Promise<void>)[] = []
  let working: Promise<void> | undefined

  /** The store may be away, or the conversation deleted: then it has no title, and that is all. */
  async function quietly(work: () => Promise<void>) {
    try {
      await work()
    } catch (error) {
      log.warn({ code: (error as { code?: unknown }).code }, 'a conversation could not be given its title')
    }
  }

  async function read({ start: { person, conversationId } }: TitledCall) {
    await journal.caughtUp(CAUGHT_UP_MS)
    return store.get(personKey(person), conversationId)
  }

  /** Whether it has one now. */
  async function giveWords(call: TitledCall): Promise<boolean> {
    const kept = await read(call)
    if (!kept) return false
    // A branch is called like its stem until it has a name of its own.
    const title = kept.title ?? call.start.goesOn?.title ?? firstWordsTitle(kept.itemsOf)
    if (title !== undefined && kept.title === null) await store.entitle(kept.id, { by: 'words', title, summary: kept.summary })
    return title !== undefined
  }

  async function askModel(call: TitledCall) {
    const { start, brain } = call
    const kept = await read(call)
    if (!kept || over.signal.aborted || metering.refusal(start.person) || saidBy(kept).length < LEAST_SAID) return
    const safetyIdentifier = brain.kind === 'local' ? undefined : safetyIdentifierOf(start.person)
    const meter = metering.begin({
      callId: ids('call'), person: start.person, model: start.model ?? brain.model, brain: brain.kind, onLimit: () => undefined, onSpent: () => undefined,
      onUsage(event) {
        numbers.used(event)
        call.journal.beside(event)
      },
    })
    const answer = await askForTitle({
      brain, model: start.model, transcript: transcriptOf(kept), meter, ids, ...clock, signal: over.signal,
      ...(safetyIdentifier !== undefined && { safetyIdentifier }),
    })
    meter.end()
    if (answer) await store.entitle(kept.id, { by: 'model', ...answer })
  }

  async function workOff() {
    for (let next = waiting.shift(); next && !over.signal.aborted; next = waiting.shift()) await quietly(next)
    working = undefined
  }

  return {
    begin(call) {
      const { goesOn } = call.start
      let left = goesOn?.conversationId !== undefined && goesOn.title !== null ? 0 : TRIES
      let trying = false
      function tryWords() {
        if (left <= 0 || trying || over.signal.aborted) return
        left--
        trying = true
        void quietly(async () => { if (await giveWords(call)) left = 0 }).finally(() => { trying = false })
      }
      return {
        observer: { serverEvent({ type }) { if (TELLING.has(type)) tryWords() } },
        ended() {
          left = Math.min(left, 1)
          tryWords()
          if (!asksModel(call.brain) || waiting.length >= MAX_WAITING || over.signal.aborted) return
          waiting.push(() => askModel(call))
          working ??= workOff()
        },
      }
    },
    idle: () => working ?? Promise.resolve(),
    close() {
      over.abort()
      waiting.length = 0
    },
  }
}

const saidBy = ({ itemsOf }: StoredConversation) => itemsOf.filter(({ kind, role, text }) => kind === 'message' && role === 'user' && text !== '')

function transcriptOf({ itemsOf }: StoredConversation): string {
  const lines = itemsOf.flatMap(item => {
    const text = item.kind === 'message' && item.role !== 'system' ? saidOf(item) : ''
    return text === '' ? [] : [`${item.role === 'user' ? 'User' : 'Assistant'}: ${text}`]
  }).join('\n')
  return lines.length <= 2 * SHOWN_CHARS ? lines : `${lines.slice(0, SHOWN_CHARS)}\n[…]\n${lines.slice(-SHOWN_CHARS)}`.toWellFormed()
}
