import { join } from 'node:path'
import type { JournalSettings } from '../config/journal-settings.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import { createAudioFolder } from './audio-folder.ts'
import type { AudioKeeper } from './audio-keeper.ts'
import { createCallJournal, type CallFacts, type CallJournal } from './call-journal.ts'
import { createCallRecorder } from './call-recorder.ts'
import { createDrain, type DrainClock, type DrainReading } from './drain.ts'
import { createForgetting, type Forgetting } from './forgetting.ts'
import { createS3AudioKeeper } from './s3-audio-keeper.ts'
import { createSetAside } from './set-aside.ts'
import { openSpoolFolder, type SpoolFiles } from './spool-files.ts'
import { openSpool, type SpoolReading, type SpoolTrouble } from './spool.ts'

export interface JournalReading extends SpoolReading, DrainReading {}

/** What was said, on its way to the store. */
export interface Journal {
  /** Undefined: nothing is kept of calls. */
  begin(facts: CallFacts): CallJournal | undefined
  /** So much waits that no new calls may begin. */
  readonly full: boolean
  readonly reading: JournalReading
  /** What an earlier process left goes to the store first. */
  start(): void
  /** Whether what was said before is in the store by now; waits for at most so long. */
  caughtUp(withinMs: number): Promise<boolean>
  forgetting: Forgetting
  audio: AudioKeeper
  /** Drains for at most so long; the rest is there at the next start. */
  close(withinMs: number): Promise<void>
}

export interface JournalOptions {
  settings: JournalSettings & { dataDir: string }
  store: Store
  log: Log
  /** Monotonic. */
  clock: DrainClock
  /** Unix, ms. */
  wallMs(): number
  random(): number
  /** @default the folder `spool` of the data folder */
  spoolFiles?: SpoolFiles
}

/** Finishing files. */
const AUDIO_MS = 1000
/** A store that is away at the end isn't waited for: nothing is lost. */
const LAST_DRAIN_MS = 5000

export function openJournal({ settings, store, log, clock, wallMs, random, spoolFiles }: JournalOptions): Journal {
  const { dataDir, keeps, audioS3 } = settings
  const spoolDir = join(dataDir, 'spool')
  const folder = createAudioFolder({ dir: join(dataDir, 'audio'), log })
  const audio = audioS3 ? createS3AudioKeeper({ folder, settings: audioS3, log, clock }) : folder
  const opened = tryToOpen(() => openSpool({ files: spoolFiles ?? openSpoolFolder(spoolDir), setTimer: clock.setTimer, onTrouble: told(log) }), log, spoolDir)
  const setAside = createSetAside({ file: join(spoolDir, 'set-aside.jsonl'), log })
  const drain = createDrain({ spool: opened.spool, store, setAside, log, clock, wallMs, random })
  const live = new Map<CallJournal, CallFacts>()

  function begin(facts: CallFacts): CallJournal | undefined {
    if (keeps === 'none' || !opened.able) return undefined
    const journal = createCallJournal({
      facts, spool: opened.spool, nowMs: clock.nowMs, wallMs,
      ...(keeps === 'all' && {
        record: (input, onStretch) => createCallRecorder({
          keeper: audio, conversationId: facts.conversationId, callId: facts.callId, input, onStretch,
          onStopped: why => log.error({ call: facts.callId, why }, 'the voices of a call are no longer recorded; the call goes on'),
        }),
      }),
    })
    live.set(journal, facts)
    return { ...journal, end(how, code) { live.delete(journal); journal.end(how, code) } }
  }

  function mute(is: { conversationId: string } | { owner: string }): string[] {
    const theirs = [...live].filter(([, facts]) => 'owner' in is ? facts.owner === is.owner : facts.conversationId === is.conversationId)
    for (const [journal] of theirs) journal.mute()
    return theirs.map(([, { conversationId }]) => conversationId)
  }

  return {
    begin,
    get full() { return keeps !== 'none' && opened.able && opened.spool.full },
    get reading() { return { ...opened.spool.reading, ...drain.reading } },
    start() {
      drain.start()
      audio.start()
    },
    caughtUp: drain.caughtUp,
    forgetting: createForgetting({ store, spool: opened.spool, drain, setAside, audio, mute }),
    audio,
    async close(withinMs) {
      const beganMs = clock.nowMs()
      await audio.close(Math.min(AUDIO_MS, withinMs))
      const isEmpty = await drain.caughtUp(Math.min(LAST_DRAIN_MS, Math.max(0, withinMs - (clock.nowMs() - beganMs))))
      if (isEmpty) opened.spool.retire()
      else log.warn({ waitingBytes: opened.spool.reading.waitingBytes }, 'the store didn\'t take all that was said: it will at the next start')
      drain.stop()
      opened.spool.close()
    },
  }
}

/** Without a folder nothing is kept; calls go on. */
function tryToOpen(open: () => ReturnType<typeof openSpool>, log: Log, dir: string) {
  try {
    return { able: true, spool: open() }
  } catch (error) {
    log.error({ dir, code: (error as NodeJS.ErrnoException).code }, 'the spool can\'t be opened, so nothing of what is said is kept; make the folder writable, or name another with KAIWA_DATA_DIR')
    return { able: false, spool: openSpool({ files: nowhere, setTimer: () => () => undefined, onTrouble: () => undefined }) }
  }
}

const never = () => { throw new Error('There is no spool.') }
const nowhere: SpoolFiles = { list: () => [], create: never, write: never, truncate: never, close: never, remove: never, read: never }

/** For the log; nothing of it says what was said. */
const told = (log: Log) => (trouble: SpoolTrouble) => {
  switch (trouble.what) {
    case 'not_written': return log.error({ why: trouble.why }, 'what is said can\'t be written to the spool: calls go on, new ones are refused')
    case 'written_again': return log.warn({ lostEntries: trouble.lostEntries }, 'the spool can be written to again')
    case 'full': return log.error({ waitingBytes: trouble.waitingBytes }, 'too much waits for the store: calls go on, new ones are refused')
    case 'room_again': return log.warn({ lostEntries: trouble.lostEntries }, 'the spool has room again')
    default: return trouble satisfies never
  }
}
