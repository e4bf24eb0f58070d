import { createClientSecrets, type ClientSecrets } from '../auth/client-secret.ts'
import { readSealKey } from '../auth/seal-key.ts'
import { createTickets, type Tickets } from '../auth/ticket.ts'
import { secretsOf, type Settings } from '../config/settings.ts'
import { mcpReachOf } from '../engine/mcp-reach.ts'
import { trapped } from '../global-trap.ts'
import { createLog, type Log } from '../log.ts'
import { createHeadroom, type Headroom } from '../numbers/headroom.ts'
import { createNumbers, type Numbers } from '../numbers/numbers.ts'
import { createProcessReading } from '../numbers/process-reading.ts'
import type { House } from './admission.ts'
import { createBrain, type Brain, type BrainOptions } from './brain.ts'
import { createCalls, type Calls } from './calls.ts'
import { serverClock } from './clock.ts'
import { createDoor, type Door, type DoorOptions } from './door.ts'
import { randomId } from './ids.ts'
import { probeHearing } from '../engine/capability.ts'
import { startNodeEngine } from './node-engine.ts'

/** The parts of one running server. */
export interface Instance {
  settings: Settings
  log: Log
  ids: (prefix: string) => string
  tickets: Tickets
  secrets: ClientSecrets
  brain: Brain
  calls: Calls
  numbers: Numbers
  /** Started by a plugin. */
  headroom: Headroom
  /** Read, or made, when it is first needed. */
  sealKey: () => Buffer
  house: House
  door: Door
  /** No new calls from now on; `/readyz` says so. */
  beginDraining(): void
}

export interface InstanceOptions {
  env?: Readonly<Record<string, string | undefined>>
  startEngine?: BrainOptions['startEngine']
  dialing?: BrainOptions['dialing']
  door?: Pick<DoorOptions, 'heartbeat' | 'maxEventBytes'>
  log?: Log
}

/** Puts the parts together; opens nothing. */
export function createInstance(settings: Settings, options: InstanceOptions = {}): Instance {
  const secrets = secretsOf(options.env ?? process.env)
  const keys = settings.brain.kind !== 'local' && settings.brain.key ? [settings.brain.key] : []
  const log = options.log ?? createLog({ level: settings.logLevel, secrets: [...secrets, ...keys] })
  const ids = randomId
  const tickets = createTickets(() => Date.now())
  const clientSecrets = createClientSecrets({ nowMs: () => Date.now(), ids })
  const { engine } = settings
  const brain = createBrain(settings.brain, {
    startEngine: options.startEngine ?? (() => startNodeEngine(engine, { ids, log, mcpReach: mcpReachOf(settings) })),
    probeHearing: () => probeHearing(engine),
    dialing: options.dialing,
  })
  const numbers = createNumbers({ models: [settings.brain.model] })
  const headroom = createHeadroom({
    clock: serverClock,
    measure: createProcessReading,
    onChange: (short, reading) => short
      ? log.warn({ short, reading }, 'no room for another call: new ones are refused')
      : log.info({ reading }, 'room for calls again'),
  })
  numbers.watch({ trapped: () => trapped.count, short: () => headroom.short, loopUtilisation: () => headroom.loopUtilisation })
  const calls = createCalls({ brain, settings, clock: serverClock, ids, log, keys })
  let sealed: Buffer | undefined
  const sealKey = () => sealed ??= readSealKey(settings.dataDir, sentence => log.warn(sentence))
  let draining = false
  const house: House = {
    settings,
    get draining() { return draining },
    get liveCalls() { return calls.live },
    get atCapacity() { return brain.atCapacity },
    callsOf: calls.callsOf,
    get upstreamQuietMs() { return calls.upstreamQuietMs },
    redeem: tickets.redeem,
    claimOf: clientSecrets.claimOf,
  }
  const door = createDoor({ house, calls, ids, log, ...options.door })
  return { settings, log, ids, tickets, secrets: clientSecrets, brain, calls, numbers, headroom, sealKey, house, door, beginDraining() { draining = true } }
}
