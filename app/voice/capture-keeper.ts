import { assertNever } from './assert-never.ts'
import type { CaptureEffect, CaptureInput, CaptureWanted } from './capture-inputs.ts'
import { captureDeadlineMs, initialCapture, stepCapture } from './capture-machine.ts'
import type { DeviceWatch } from './device-list.ts'
import { captureFailed } from './microphone-fault.ts'
import type { VoiceTrack } from './voice-track.ts'
import type { Microphone, MicrophoneDevice, MicrophoneFault, MicrophoneFrame, openMicrophone } from './microphone.ts'

/** Keeps somebody heard for as long as a call lasts: opens the microphone, and another one when it is lost, changed or mute by itself. */

export interface CaptureKeeperParts {
  openMicrophone: typeof openMicrophone
  /** @returns the way out. @default nothing is told of devices */
  watchDevices?: (watch: DeviceWatch) => () => void
  /** Whether what is heard is wanted as a track too. */
  asTrack?: () => boolean
  /** Monotonic. */
  nowMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
}

export interface CaptureKeeperPorts {
  /** The first of a microphone comes with `fresh`: its count of samples begins anew. */
  onFrame: (frame: MicrophoneFrame, fresh: boolean) => void
  /** What a microphone hears, as a track, each time another feeds. */
  onVoiceTrack?: (voice: VoiceTrack) => void
  onMutedLevel?: (level: number) => void
  onOpened: () => void
  /** Nobody is heard any more. `onOpened` may follow, when there is a microphone again. */
  onFailed: (fault: MicrophoneFault) => void
  /** `quiet`: it gives no sound at all. */
  onDevice?: (device: MicrophoneDevice, quiet: boolean) => void
}

export interface CaptureKeeper {
  /** Opens, or moves to another audio context. */
  open(context: AudioContext, wanted: CaptureWanted): void
  use(wanted: CaptureWanted): void
  setMuted(muted: boolean): void
  /** Whether a microphone feeds. */
  readonly isLive: boolean
  /** Releases the microphone; `open` may follow. */
  close(): void
}

export function createCaptureKeeper(parts: CaptureKeeperParts, ports: CaptureKeeperPorts): CaptureKeeper {
  let machine = initialCapture({ microphoneId: undefined, noiseFilter: 'browser' })
  let context: AudioContext | undefined
  let stopTimer = () => {}
  let stopWatch: (() => void) | undefined
  /** At most two: the one that feeds, and the one that is about to. */
  const microphones = new Map<number, Microphone>()
  const openings = new Map<number, AbortController>()
  const inputs: CaptureInput[] = []
  let working = false

  /** One input at a time: what an effect causes at once waits until the step it belongs to is done. */
  function dispatch(input: CaptureInput): void {
    inputs.push(input)
    if (working) return
    working = true
    for (let next = inputs.shift(); next; next = inputs.shift()) {
      const result = stepCapture(machine, next, parts.nowMs())
      machine = result.machine
      for (const effect of result.effects) perform(effect)
    }
    working = false
    stopTimer()
    const dueMs = captureDeadlineMs(machine)
    stopTimer = dueMs === undefined ? () => {} : parts.setTimer(() => dispatch({ type: 'time' }), Math.max(1, Math.ceil(dueMs - parts.nowMs())))
  }

  async function open(id: number, wanted: CaptureWanted, only: boolean): Promise<void> {
    const asking = new AbortController()
    openings.set(id, asking)
    const opening = context && await parts.openMicrophone(context, {
      ...(wanted.microphoneId === undefined ? {} : { deviceId: wanted.microphoneId }),
      noiseFilter: wanted.noiseFilter, only, ...(parts.asTrack?.() ? { asTrack: true } : {}), isMuted: () => machine.muted, signal: asking.signal,
    }).catch(() => undefined)
    openings.delete(id)
    if (!opening?.ok) return dispatch({ type: 'refused', id, fault: opening?.fault ?? captureFailed })
    microphones.set(id, opening.microphone)
    dispatch({ type: 'opened', id, device: opening.microphone.device })
  }

  function adopt(id: number, muted: boolean): void {
    const microphone = microphones.get(id)
    if (!microphone) return
    let fresh = true
    let silent = false
    let taken = false
    const tellQuiet = () => dispatch({ type: 'quiet', id, quiet: silent || taken })
    microphone.setMuted(muted)
    if (microphone.voice) ports.onVoiceTrack?.(microphone.voice)
    microphone.onFrame(frame => {
      if (machine.live?.id !== id) return
      if (silent !== (frame.level === 0)) {
        silent = frame.level === 0
        tellQuiet()
      }
      ports.onFrame(frame, fresh)
      fresh = false
    })
    microphone.onTaken(next => {
      taken = next
      tellQuiet()
    })
    microphone.onEnded(fault => dispatch({ type: 'lost', id, fault }))
    if (ports.onMutedLevel) microphone.onMutedLevel(ports.onMutedLevel)
  }

  function perform(effect: CaptureEffect): void {
    switch (effect.type) {
      case 'open_microphone': return void open(effect.id, effect.wanted, effect.only)
      case 'give_up': return openings.get(effect.id)?.abort()
      case 'close_microphone':
        microphones.get(effect.id)?.close()
        microphones.delete(effect.id)
        return
      case 'adopt': return adopt(effect.id, effect.muted)
      case 'set_muted': return microphones.get(effect.id)?.setMuted(effect.muted)
      case 'tell_opened': return ports.onOpened()
      case 'tell_failed': return ports.onFailed(effect.fault)
      case 'tell_device': return ports.onDevice?.(effect.device, effect.quiet)
      default: return assertNever(effect)
    }
  }

  const watch: DeviceWatch = {
    onList: ({ microphones: all, systemMicrophone }) => {
      const live = machine.live && microphones.get(machine.live.id)
      dispatch({ type: 'devices', facts: { microphoneIds: all.map(({ id }) => id), systemDefault: systemMicrophone, sampleRate: live?.device.sampleRate } })
    },
    onPermission: state => dispatch({ type: 'permission', state }),
  }

  return {
    open(next, wanted) {
      context = next
      stopWatch ??= parts.watchDevices?.(watch)
      dispatch({ type: 'open', wanted })
    },
    use(wanted) { dispatch({ type: 'use', wanted }) },
    setMuted(muted) { dispatch({ type: 'mute', muted }) },
    get isLive() { return machine.live !== undefined },
    close() {
      stopWatch?.()
      stopWatch = undefined
      dispatch({ type: 'close' })
    },
  }
}
