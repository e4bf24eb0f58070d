import { dirname } from 'node:path'
import { createAccess, type Access } from '../auth/access.ts'
import { createClientSecrets, type ClientSecrets } from '../auth/client-secret.ts'
import type { Person } from '../auth/person.ts'
import { safetyIdentifierOf } from '../auth/safety-identifier.ts'
import { readSealKey } from '../auth/seal-key.ts'
import { createTickets, type Tickets } from '../auth/ticket.ts'
import { createBrains, type Brains, type BrainsOptions } from '../brains/brains.ts'
import { inCheckout } from '../checkout.ts'
import { secretsOf, type Settings } from '../config/settings.ts'
import { mcpReachOf } from '../engine/mcp-reach.ts'
import { trapped } from '../global-trap.ts'
import { createLog, type Log } from '../log.ts'
import { priceList } from '../metering/price-list.ts'
import { openMetering, type OpenMetering } from '../metering/open-metering.ts'
import { createTitles, type Titles } from '../history/titles.ts'
import { createLateStore, type LateStore } from '../journal/late-store.ts'
import { openJournal, type Journal } from '../journal/journal.ts'
import { createHeadroom, type Headroom } from '../numbers/headroom.ts'
import { createNumbers, type Numbers } from '../numbers/numbers.ts'
import { createProcessReading } from '../numbers/process-reading.ts'
import { startRetention } from '../store/retention.ts'
import type { Store } from '../store/store.ts'
import type { House } from './admission.ts'
import type { Brain } from './brain.ts'
import { createCalls, type Calls } from './calls.ts'
import { serverClock } from './clock.ts'
import { DEFAULT_PERSONA } from '../personas/persona.ts'
import { createPersonas, type Personas } from '../personas/personas.ts'
import type { RelayClock } from '../relay/relay.ts'
import { createTicker } from '../relay/ticker.ts'
import { createSecurityHeaders } from '../security-headers/response-headers.ts'
import { createDoor, type Door, type DoorOptions } from './door.ts'
import { createOfferRates, type OfferRates } from './offer-rates.ts'
import { createWebrtcCalls, type WebrtcCalls } from './webrtc-calls.ts'
import { randomId } from './ids.ts'
import { probeHearing } from '../engine/capability.ts'
import { startNodeEngine } from './node-engine.ts'
import { openNodeStore } from './node-store.ts'

/** The parts of one running server. */
export interface Instance {
  settings: Settings
  log: Log
  ids: (prefix: string) => string
  tickets: Tickets
  secrets: ClientSecrets
  /** The server's own. */
  brain: Brain
  /** All that can answer. */
  brains: Brains
  /** Whom a page can talk with. */
  personas: Personas
  calls: Calls
  webrtcCalls: WebrtcCalls
  offerRates: OfferRates
  /** Whom a page's ticket is for; undefined: that one is gone, or nobody can answer for it. */
  recall: DoorOptions['recall']
  numbers: Numbers
  metering: OpenMetering
  /** What is kept of conversations; opened by a plugin, and until then as if it were away. */
  store: Store
  titles: Titles
  /** What was said, on its way there. */
  journal: Journal
  /** Opens the store, carries what is said to it, and deletes what is too old. */
  beginKeeping(): void
  /** Within so long; what is not in the store by then is at the next start. */
  endKeeping(withinMs: number): Promise<void>
  /** Started by a plugin. */
  headroom: Headroom
  /** Read, or made, when it is first needed. */
  sealKey: () => Buffer
  access: Access
  house: House
  door: Door
  /** These must be seen in no line of the log from now on. */
  hide(secrets: readonly string[]): void
  /** No new calls from now on; `/readyz` says so. */
  beginDraining(): void
}

export interface InstanceOptions {
  env?: Readonly<Record<string, string | undefined>>
  startEngine?: BrainsOptions['startEngine']
  openCalls?: BrainsOptions['openCalls']
  dialing?: BrainsOptions['dialing']
  door?: Pick<DoorOptions, 'heartbeat' | 'maxEventBytes'>
  log?: Log
  oidcTimeoutMs?: number
  openStore?: () => Promise<Store>
  /** By which calls are timed. */
  clock?: RelayClock
}

/** The built-in ones lie beside it. */
const SHIPPED_PERSONA = 'personas/default.yaml'

const ableToRecall = (personas: Personas): DoorOptions['recall'] => ref => {
  const met = ref ? personas.recall(ref) : personas.find(DEFAULT_PERSONA)
  return met?.able ? met : undefined
}

function keeping({ settings, late, journal, log }: { settings: Settings, late: LateStore, journal: Journal, log: Log }): Pick<Instance, 'beginKeeping' | 'endKeeping'> {
  let stopRetention = () => {}
  return {
    beginKeeping() {
      late.open()
      journal.start()
      stopRetention = startRetention({
        store: late.store, days: settings.store.retentionDays, nowMs: Date.now, setTimer: serverClock.setTimer, deleteAudio: journal.forgetting.voices,
        onTrouble: ({ code }) => log.warn({ code }, 'what is too old could not be deleted; it is tried again in an hour'),
        onDeleted: conversations => log.info({ conversations }, 'conversations were deleted: they were too old'),
      })
    },
    async endKeeping(withinMs) {
      stopRetention()
      await journal.close(withinMs)
      await late.close()
    },
  }
}

/** Puts the parts together; opens nothing. */
export function createInstance(settings: Settings, options: InstanceOptions = {}): Instance {
  const env = options.env ?? process.env
  // Grows: a persona may bring a key of its own while the server runs.
  const secrets = secretsOf(env)
  const log = options.log ?? createLog({ level: settings.logLevel, secrets })
  const ids = randomId
  const ticker = createTicker(serverClock)
  const tickets = createTickets(() => Date.now())
  const clientSecrets = createClientSecrets({ nowMs: () => Date.now(), ids })
  const { engine } = settings
  const hide = (values: readonly string[]) => { for (const value of values) if (!secrets.includes(value)) secrets.push(value) }
  const brains = createBrains(settings.brain, {
    env,
    onKey: key => hide([key]),
    startEngine: options.startEngine ?? (() => startNodeEngine(engine, { ids, log, mcpReach: mcpReachOf(settings) })),
    probeHearing: () => probeHearing(engine),
    ...(settings.webrtc.enabled && { openCalls: options.openCalls ?? (async () => (await import('../webrtc/open-engine-calls.ts')).openEngineCalls(settings.webrtc)) }),
    dialing: { ticker, onRetry: () => numbers.redialled(), ...options.dialing },
  })
  const brain = brains.own
  const metering = openMetering(settings, {
    nowMs: () => Date.now(),
    ids,
    onTrouble: trouble => log.error(trouble, 'what is spent can\'t be kept as it should'),
  })
  const personas = createPersonas({
    shippedDir: dirname(inCheckout(SHIPPED_PERSONA)),
    ownDir: settings.personasDir,
    brains,
    bounds: { maxCallMinutes: settings.maxCallMinutes, budgetUsd: settings.budgets.perCallUsd, isSpendingBounded: metering.hasBudget },
    isPriced: metering.isPriced,
    log,
  })
  const numbers = createNumbers({ models: [settings.brain.model, ...Object.keys(priceList.models), ...Object.keys(priceList.transcription)] })
  const headroom = createHeadroom({
    clock: serverClock,
    measure: createProcessReading,
    calls: () => calls.live,
    onChange: (short, reading) => short
      ? log.warn({ short, reading }, 'no room for another call: new ones are refused')
      : log.info({ reading }, 'room for calls again'),
    onStall: forMs => log.warn({ forMs: Math.round(forMs) }, 'the event loop stood still'),
  })
  numbers.watch({
    trapped: () => trapped.count, short: () => headroom.short, loopUtilisation: () => headroom.loopUtilisation, stalledMs: () => headroom.stalledMs,
  })
  const late = createLateStore({
    kind: settings.store.databaseUrl === undefined ? 'sqlite' : 'postgres', log, clock: serverClock, openStore: options.openStore ?? (() => openNodeStore(settings, log)),
  })
  const journal = openJournal({
    settings: { ...settings.journal, dataDir: settings.dataDir }, store: late.store, log, clock: serverClock, wallMs: Date.now, random: Math.random,
  })
  numbers.watch({ journal: () => journal.reading })
  const identifierOf = (person: Person) => safetyIdentifierOf(person, sealKey())
  const titles = createTitles({
    store: late.store, journal, metering, numbers, ids, clock: serverClock, log, safetyIdentifierOf: identifierOf,
    // The embedded engine gives titles where a chat server thinks for it.
    asksModel: ({ kind }) => settings.journal.titles !== 'words' && (kind !== 'local' || settings.engine.llm !== undefined),
  })
  const calls = createCalls({
    brain, settings, clock: options.clock ?? serverClock, ticker, ids, log, metering, numbers, journal, titles, safetyIdentifierOf: identifierOf,
  })
  const webrtcCalls = createWebrtcCalls({
    calls, brain, ids, nowMs: serverClock.nowMs, setTimer: serverClock.setTimer, log, hasBudget: metering.hasBudget, sidebandLost: settings.sidebandLost,
    ...(!settings.webrtc.enabled && { offBecause: 'It is switched off on this server.' }),
  })
  let sealed: Buffer | undefined
  const sealKey = () => sealed ??= readSealKey(settings.dataDir, sentence => log.warn(sentence))
  const access = createAccess({
    settings, key: sealKey, ids, nowMs: () => Date.now(), warn: sentence => log.warn(sentence), endCalls: calls.endOf,
    forgetSecrets: clientSecrets.forget, oidcTimeoutMs: options.oidcTimeoutMs,
  })
  const recall = ableToRecall(personas)
  let draining = false
  const house: House = {
    settings,
    get draining() { return draining },
    get liveCalls() { return calls.live },
    brain,
    brainOf: persona => recall(persona)?.brain,
    lookAt: tickets.lookAt,
    callsOf: calls.callsOf,
    inConversation: calls.inConversation,
    redeem: tickets.redeem,
    claimOf: clientSecrets.claimOf,
    ownerOf: webrtcCalls.ownerOf,
    headroom,
    get storeFull() { return journal.full },
    budgetRefusal: metering.refusal,
    ...(metering.hasBudget && { isPriced: (model: string | undefined) => metering.isPriced(model ?? brain.model) }),
  }
  const headers = createSecurityHeaders({ publicUrl: settings.publicUrl }).list()
  const door = createDoor({
    house, identify: access.identify, calls, webrtcCalls, ticker, recall, ids, log, headers, onRefused: numbers.refused, ...options.door,
  })
  numbers.watch({ connections: () => door.connections, breakers: brains.breakers, waitingTurns: () => brains.waitingTurns })
  return {
    settings, log, ids, tickets, secrets: clientSecrets, brain, brains, personas, calls, numbers, metering,
    store: late.store, titles, journal, ...keeping({ settings, late, journal, log }), headroom, sealKey, access, house, door,
    hide,
    webrtcCalls, offerRates: createOfferRates(), recall,
    beginDraining() {
      draining = true
      titles.close()
    },
  }
}
