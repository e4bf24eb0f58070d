import { assertNever } from './assert-never.ts'
import type { CaptureEffect, CaptureInput, CaptureWanted, DeviceFacts } from './capture-inputs.ts'
import { microphoneLost, permissionRevoked, type MicrophoneFault } from './microphone-fault.ts'
import type { MicrophoneDevice } from './microphone-stream.ts'

/**
 * Which microphone feeds a call, and what to do when it no longer does. Pure: `(machine, input, now) → machine and effects`. One
 * feeds at a time. A replacement is opened beside a microphone that still works and takes its place when it is there, so that a
 * change of device costs no word, and one that fails costs nothing.
 */

interface LiveCapture {
  id: number
  device: MicrophoneDevice
  /** As it was asked for. */
  wanted: CaptureWanted
  sinceMs: number
  /** The system took its sound away, or it gives exact silence, since then. */
  quietSinceMs: number | undefined
}

export interface CaptureMachine {
  /** Somebody wants to be heard: between `open` and `close`. */
  on: boolean
  wanted: CaptureWanted
  muted: boolean
  live: LiveCapture | undefined
  /** Being opened, `beside` the live one or because there is none. */
  opening: { id: number, wanted: CaptureWanted } | undefined
  retryAtMs: number | undefined
  /** Tries in a row that came to nothing, or to a microphone that didn't last. */
  failures: number
  /** Tries in a row that didn't bring what is wanted while another microphone feeds. */
  misses: number
  /** Nobody is heard since then. */
  deafSinceMs: number | undefined
  told: 'nothing' | 'opened' | 'failed'
  everOpened: boolean
  fault: MicrophoneFault
  /** A quiet device is opened anew once; after that it is left alone, and shown as quiet. */
  quietTried: string | undefined
  toldQuiet: boolean
  systemDefault: string | undefined
  lastId: number
}

export interface CaptureStep { machine: CaptureMachine, effects: readonly CaptureEffect[] }

/** Waits before the tries after a loss; after the last one it is a fault. A lost device is mostly back, or another in its place, at once. */
const RETRY_MS = [200, 400, 800, 1600]
/** Waits before what is wanted is tried once more beside a microphone that works; after the last one a change of devices is waited for. */
const INSIST_MS = [500, 2000, 8000, 30_000]
/** Shorter than this and a microphone hasn't worked: its loss counts as one more failed try. */
const LASTED_MS = 5000
/** A loss is told by then, even if the browser is still asking somebody. */
const DEAF_PATIENCE_MS = 4000
/** Exact silence, or sound withheld by the system, for so long is no pause in speech and no change of profile. */
export const QUIET_MS = 5000

export function initialCapture(wanted: CaptureWanted): CaptureMachine {
  return {
    on: false, wanted, muted: false, live: undefined, opening: undefined, retryAtMs: undefined, failures: 0, misses: 0, deafSinceMs: undefined, told: 'nothing',
    everOpened: false, fault: microphoneLost, quietTried: undefined, toldQuiet: false, systemDefault: undefined, lastId: 0,
  }
}

/** When the machine next wants a `time` input. */
export function captureDeadlineMs({ on, muted, live, opening, retryAtMs, deafSinceMs, told }: CaptureMachine): number | undefined {
  const times = [
    retryAtMs ?? [],
    on && deafSinceMs !== undefined && told === 'opened' ? deafSinceMs + DEAF_PATIENCE_MS : [],
    live?.quietSinceMs === undefined || muted || opening ? [] : live.quietSinceMs + QUIET_MS,
  ].flat()
  return times.length > 0 ? Math.min(...times) : undefined
}

export function stepCapture(machine: CaptureMachine, input: CaptureInput, nowMs: number): CaptureStep {
  switch (input.type) {
    case 'open': return open(machine, input.wanted)
    case 'use': return use({ ...machine, wanted: input.wanted }, machine.wanted)
    case 'mute': return mute(machine, input.muted)
    case 'close': return { machine: { ...initialCapture(machine.wanted), muted: machine.muted, lastId: machine.lastId }, effects: letGo(machine) }
    case 'opened': return opened(machine, input.id, input.device, nowMs)
    case 'refused': return machine.opening?.id === input.id ? refused({ ...machine, opening: undefined }, input.fault, nowMs) : same(machine)
    case 'lost': return machine.live?.id === input.id ? lost(machine, machine.live, input.fault, nowMs) : same(machine)
    case 'quiet': return machine.live?.id === input.id ? quiet(machine, machine.live, input.quiet, nowMs) : same(machine)
    case 'devices': return devices(machine, input.facts)
    case 'permission': return permission(machine, input.state)
    case 'time': return time(machine, nowMs)
    default: return assertNever(input)
  }
}

const same = (machine: CaptureMachine): CaptureStep => ({ machine, effects: [] })

function letGo({ live, opening }: CaptureMachine): CaptureEffect[] {
  return [...(opening ? [{ type: 'give_up', id: opening.id } as const] : []), ...(live ? [{ type: 'close_microphone', id: live.id } as const] : [])]
}

/** Opens what is wanted; an opening under way is given up for it, the live one stays until then. `only`: nothing in its place. */
function attempt(machine: CaptureMachine, only = false): CaptureStep {
  const id = machine.lastId + 1
  const effects: CaptureEffect[] = machine.opening ? [{ type: 'give_up', id: machine.opening.id }] : []
  return {
    machine: { ...machine, lastId: id, opening: { id, wanted: machine.wanted }, retryAtMs: undefined },
    effects: [...effects, { type: 'open_microphone', id, wanted: machine.wanted, only }],
  }
}

/** Also on another audio context, which the live one can't move to. */
function open(machine: CaptureMachine, wanted: CaptureWanted): CaptureStep {
  const moving = machine.on && machine.told === 'opened'
  const fresh: CaptureMachine = {
    ...machine, on: true, wanted, live: undefined, opening: undefined, failures: 0, misses: 0, quietTried: undefined, told: moving ? 'opened' : 'nothing', deafSinceMs: undefined,
  }
  const { machine: next, effects } = attempt(fresh)
  return { machine: next, effects: [...letGo(machine), ...effects] }
}

function use(machine: CaptureMachine, before: CaptureWanted): CaptureStep {
  const { wanted, live } = machine
  const otherDevice = wanted.microphoneId !== before.microphoneId && (live?.device.instead || live?.device.deviceId !== wanted.microphoneId)
  const changed = wanted.noiseFilter !== before.noiseFilter || otherDevice
  return machine.on && changed ? attempt({ ...machine, failures: 0, misses: 0, quietTried: undefined }) : same(machine)
}

function mute(machine: CaptureMachine, muted: boolean): CaptureStep {
  const live = machine.live && { ...machine.live, quietSinceMs: undefined }
  return { machine: { ...machine, muted, live }, effects: live ? [{ type: 'set_muted', id: live.id, muted }] : [] }
}

function opened(machine: CaptureMachine, id: number, device: MicrophoneDevice, nowMs: number): CaptureStep {
  if (machine.opening?.id !== id) return { machine, effects: [{ type: 'close_microphone', id }] }
  const replaced: CaptureEffect[] = machine.live ? [{ type: 'close_microphone', id: machine.live.id }] : []
  const { wanted } = machine.opening
  const live: LiveCapture = { id, device, wanted, sinceMs: nowMs, quietSinceMs: undefined }
  const next: CaptureMachine = { ...machine, opening: undefined, live, deafSinceMs: undefined, told: 'opened', everOpened: true, toldQuiet: false }
  return {
    machine: device.instead ? insist(next, live, nowMs) : { ...next, misses: 0 },
    effects: [
      ...replaced, { type: 'adopt', id, muted: machine.muted }, ...(machine.told === 'opened' ? [] : [{ type: 'tell_opened' } as const]),
      { type: 'tell_device', device, quiet: false },
    ],
  }
}

function refused(machine: CaptureMachine, fault: MicrophoneFault, nowMs: number): CaptureStep {
  // What works goes on working; who said no is not asked again.
  if (machine.live) return same(fault.code === 'mic_denied' ? machine : insist(machine, machine.live, nowMs))
  const waitMs = RETRY_MS[machine.failures]
  const final = machine.told === 'nothing' || fault.code === 'mic_denied' || fault.code === 'insecure_page' || waitMs === undefined
  if (final) return failed({ ...machine, fault })
  return same({ ...machine, fault, failures: machine.failures + 1, retryAtMs: nowMs + waitMs })
}

/** A device that is busy, or still starting, is often there a moment later. */
function insist(machine: CaptureMachine, { device, wanted }: LiveCapture, nowMs: number): CaptureMachine {
  const asWanted = !device.instead && wanted.microphoneId === machine.wanted.microphoneId && wanted.noiseFilter === machine.wanted.noiseFilter
  const waitMs = INSIST_MS[machine.misses]
  return asWanted || waitMs === undefined ? machine : { ...machine, misses: machine.misses + 1, retryAtMs: nowMs + waitMs }
}

/** Nobody is heard until there is a reason to try again. */
function failed(machine: CaptureMachine): CaptureStep {
  return {
    machine: { ...machine, told: 'failed', deafSinceMs: undefined, retryAtMs: undefined },
    effects: machine.told === 'failed' ? [] : [{ type: 'tell_failed', fault: machine.fault }],
  }
}

function lost(machine: CaptureMachine, live: LiveCapture, fault: MicrophoneFault, nowMs: number): CaptureStep {
  const lasted = nowMs - live.sinceMs >= LASTED_MS
  const waitMs = lasted ? 0 : RETRY_MS[machine.failures]
  const deaf: CaptureMachine = { ...machine, live: undefined, fault, deafSinceMs: nowMs, failures: lasted ? 0 : machine.failures + 1 }
  const [gone]: CaptureEffect[] = [{ type: 'close_microphone', id: live.id }]
  // A replacement is on its way.
  if (deaf.opening) return { machine: deaf, effects: [gone!] }
  if (waitMs === undefined) {
    const rest = failed(deaf)
    return { machine: rest.machine, effects: [gone!, ...rest.effects] }
  }
  // The first loss is mended at once, also soon after the opening: waiting is for what keeps failing.
  if (lasted || machine.failures === 0) {
    const again = attempt(deaf)
    return { machine: again.machine, effects: [gone!, ...again.effects] }
  }
  return { machine: { ...deaf, retryAtMs: nowMs + waitMs }, effects: [gone!] }
}

function quiet(machine: CaptureMachine, live: LiveCapture, isQuiet: boolean, nowMs: number): CaptureStep {
  const now: CaptureMachine = { ...machine, live: { ...live, quietSinceMs: isQuiet ? live.quietSinceMs ?? nowMs : undefined } }
  return isQuiet || !machine.toldQuiet ? same(now) : { machine: { ...now, toldQuiet: false }, effects: [{ type: 'tell_device', device: live.device, quiet: false }] }
}

function devices(before: CaptureMachine, { microphoneIds, systemDefault, sampleRate }: DeviceFacts): CaptureStep {
  const machine: CaptureMachine = { ...before, systemDefault: systemDefault ?? before.systemDefault }
  const { wanted, live } = machine
  if (!machine.on) return same(machine)
  if (!live) return mayRevive(machine) && machine.fault.code !== 'mic_denied' ? attempt({ ...machine, failures: 0 }) : same(machine)
  const there = (id: string) => microphoneIds.includes(id)
  const chosenIsBack = live.device.instead && wanted.microphoneId !== undefined && there(wanted.microphoneId)
  // `default` and `communications` are names for another device; an empty id is none.
  const real = live.device.deviceId !== '' && live.device.deviceId !== 'default' && live.device.deviceId !== 'communications'
  const gone = real && microphoneIds.length > 0 && !there(live.device.deviceId)
  const follows = wanted.microphoneId === undefined || live.device.instead
  const otherDefault = follows && before.systemDefault !== undefined && systemDefault !== undefined && systemDefault !== before.systemDefault
  const otherRate = sampleRate !== undefined && live.device.sampleRate !== undefined && sampleRate !== live.device.sampleRate
  const replace = chosenIsBack || gone || otherDefault || otherRate || live.quietSinceMs !== undefined
  return replace && !machine.opening ? attempt({ ...machine, failures: 0, misses: 0 }) : same(machine)
}

/** Nothing is under way, and somebody was heard in this call before: a microphone never opens by itself that wasn't open by a person's wish. */
const mayRevive = ({ opening, everOpened }: CaptureMachine) => !opening && everOpened

function permission(machine: CaptureMachine, state: 'granted' | 'denied' | 'prompt'): CaptureStep {
  if (!machine.on) return same(machine)
  if (state === 'granted') return !machine.live && mayRevive(machine) ? attempt({ ...machine, failures: 0 }) : same(machine)
  if (state === 'prompt' || (!machine.live && !machine.opening && machine.retryAtMs === undefined)) return same(machine)
  const rest = failed({ ...machine, live: undefined, opening: undefined, fault: permissionRevoked })
  return { machine: rest.machine, effects: [...letGo(machine), ...rest.effects] }
}

function time(machine: CaptureMachine, nowMs: number): CaptureStep {
  const { on, live, opening, retryAtMs, deafSinceMs, muted } = machine
  if (retryAtMs !== undefined && nowMs >= retryAtMs) return attempt(machine, live !== undefined)
  // The try goes on: somebody may be reading the browser's question.
  if (on && machine.told === 'opened' && deafSinceMs !== undefined && nowMs >= deafSinceMs + DEAF_PATIENCE_MS) {
    return { machine: { ...machine, told: 'failed', deafSinceMs: undefined }, effects: [{ type: 'tell_failed', fault: machine.fault }] }
  }
  if (!live || live.quietSinceMs === undefined || muted || opening || nowMs < live.quietSinceMs + QUIET_MS) return same(machine)
  // Looked at again after as long.
  const looked: CaptureMachine = { ...machine, live: { ...live, quietSinceMs: nowMs }, toldQuiet: true }
  const told: CaptureEffect[] = machine.toldQuiet ? [] : [{ type: 'tell_device', device: live.device, quiet: true }]
  if (machine.quietTried === live.device.deviceId) return { machine: looked, effects: told }
  const again = attempt({ ...looked, quietTried: live.device.deviceId })
  return { machine: again.machine, effects: [...told, ...again.effects] }
}
