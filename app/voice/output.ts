/** The way from the players to the ear: volume, device, latency. One per audio context. */
export interface Output {
  /** Players connect here. */
  readonly input: AudioNode
  /** From here to the ear, ms, as far as the browser knows; changes with the device. */
  readonly latencyMs: number
  /** 0 to 1, reached within some 30 ms, without a click. */
  setVolume(volume: number): void
  /** Undefined: the system's own. Never rejects; false: this browser can't, or the device is gone (the system's own sounds). */
  setDevice(deviceId: string | undefined): Promise<boolean>
  /** Nothing of what is on its way to the ear is heard any more; what comes after it is. Where the way is short there is no need. */
  hush?(): void
  close(): void
}

/** A device that claims more than this is wrong, and would make everything look unheard. */
const MAX_LATENCY_MS = 1000
/** Time constant of a change of volume: five of them and the change is done. */
const VOLUME_TIME_S = 0.006
/** A browser that hasn't changed the device by then says nothing more about it. */
const DEVICE_TIMEOUT_MS = 5000

/** What led here fades first. */
const CLOSING_MS = 60

type SinkTarget = { setSinkId?: (deviceId: string) => Promise<void> }

/** Players → gain → the context's destination. */
export function openDirectOutput(context: AudioContext): Output {
  const volume = openVolume(context)
  volume.node.connect(context.destination)
  let lastLatencyMs = 0
  return {
    input: volume.node,
    get latencyMs() {
      // A context that died says 0, which would make the last of it look heard.
      if (context.state === 'running') lastLatencyMs = latencyMs(context)
      return lastLatencyMs
    },
    setVolume: volume.set,
    setDevice: deviceId => setSink(context, deviceId),
    close() { setTimeout(() => volume.node.disconnect(), CLOSING_MS) },
  }
}

/** A gain that changes without a click. */
export function openVolume(context: AudioContext): { node: GainNode, set: (volume: number) => void } {
  const node = context.createGain()
  return {
    node,
    set(volume) {
      const wanted = Math.min(1, Math.max(0, volume))
      node.gain.cancelScheduledValues(context.currentTime)
      node.gain.setTargetAtTime(wanted, context.currentTime, VOLUME_TIME_S)
    },
  }
}

/** Lets a context or an element sound on a device; where that fails, on the system's own. Never rejects. @returns whether it is as wanted */
export async function setSink(target: object, deviceId: string | undefined): Promise<boolean> {
  const sink = target as SinkTarget
  if (!sink.setSinkId) return deviceId === undefined
  try {
    await withinDeviceTimeout(sink.setSinkId(deviceId ?? ''))
    return true
  } catch {
    if (deviceId !== undefined) await withinDeviceTimeout(sink.setSinkId('')).catch(() => undefined)
    return false
  }
}

function withinDeviceTimeout(changing: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the browser did not change the device')), DEVICE_TIMEOUT_MS)
    changing.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** Base latency (processing) and output latency (device); browsers leave out either, or say NaN. */
export function latencyMs(context: { baseLatency?: number, outputLatency?: number }): number {
  const seconds = [context.baseLatency, context.outputLatency].map(part => part !== undefined && Number.isFinite(part) ? Math.max(0, part) : 0)
  return Math.min(MAX_LATENCY_MS, (seconds[0]! + seconds[1]!) * 1000)
}
