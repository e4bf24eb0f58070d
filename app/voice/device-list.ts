/** Which microphones and speakers there are, told anew whenever that changes. */

export interface Device {
  id: string
  /** As the browser names it; empty as long as no microphone was allowed. */
  label: string
}

export interface DeviceList {
  microphones: readonly Device[]
  speakers: readonly Device[]
  /** Browsers name devices only to a page that was allowed a microphone. */
  named: boolean
  /** Stands for the device that is the system's own now; changes with it. Undefined: not told. */
  systemMicrophone: string | undefined
}

export type MicrophonePermission = 'granted' | 'denied' | 'prompt'

export interface DeviceEnvironment {
  /** @default navigator.mediaDevices, which is undefined on an insecure page */
  mediaDevices?: Pick<MediaDevices, 'enumerateDevices' | 'addEventListener' | 'removeEventListener'>
  /** @default navigator.permissions */
  permissions?: { query: (what: PermissionDescriptor) => Promise<Pick<PermissionStatus, 'state' | 'addEventListener' | 'removeEventListener'>> }
  /** @default document */
  page?: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>
  setTimer?: (callback: () => void, delayMs: number) => () => void
}

export interface DeviceWatch {
  /** Called with each list from now on, the first one included. */
  onList: (list: DeviceList) => void
  onPermission?: (state: MicrophonePermission) => void
}

export const noDevices: DeviceList = { microphones: [], speakers: [], named: false, systemMicrophone: undefined }

/** More than a studio has. Full ⇒ the rest is left out. */
const MAX_DEVICES = 64
/** Made up by the browser; a longer one can't be chosen, see `parseVoiceSettings`. */
const MAX_ID_CHARS = 256
const MAX_LABEL_CHARS = 120
/** One plug is several events in a row. */
const DEBOUNCE_MS = 150
const LIST_TIMEOUT_MS = 3000

/** The devices that there are now. Never rejects: a browser that can't tell has none. */
export async function listDevices(environment: DeviceEnvironment = {}): Promise<DeviceList> {
  const { mediaDevices = globalThis.navigator?.mediaDevices, setTimer = browserTimer } = environment
  if (!mediaDevices?.enumerateDevices) return noDevices
  let stop = () => {}
  const late = new Promise<undefined>(resolve => { stop = setTimer(() => resolve(undefined), LIST_TIMEOUT_MS) })
  try {
    const found = await Promise.race([mediaDevices.enumerateDevices(), late])
    return found ? folded(found) : noDevices
  } catch {
    return noDevices
  } finally {
    stop()
  }
}

/** `default` and `communications` are further names for a device that is listed as itself; an empty id hides which it is. */
function folded(found: readonly MediaDeviceInfo[]): DeviceList {
  const of = (kind: MediaDeviceKind): Device[] => {
    const byId = new Map<string, Device>()
    for (const { kind: its, deviceId: id, label } of found) {
      if (its !== kind || byId.size >= MAX_DEVICES) continue
      if (id === '' || id === 'default' || id === 'communications' || id.length > MAX_ID_CHARS) continue
      if (!byId.has(id)) byId.set(id, { id, label: label.slice(0, MAX_LABEL_CHARS) })
    }
    return [...byId.values()]
  }
  const system = found.find(({ kind, deviceId }) => kind === 'audioinput' && deviceId === 'default')
  return {
    microphones: of('audioinput'),
    speakers: of('audiooutput'),
    named: found.some(({ kind, label }) => kind === 'audioinput' && label !== ''),
    systemMicrophone: system && `${system.groupId} ${system.label}`,
  }
}

/** Tells the list now and on every change, and the permission's changes. @returns the way out */
export function watchDevices({ onList, onPermission }: DeviceWatch, environment: DeviceEnvironment = {}): () => void {
  const { mediaDevices = globalThis.navigator?.mediaDevices, page = globalThis.document, setTimer = browserTimer } = environment
  const permissions = environment.permissions ?? globalThis.navigator?.permissions as DeviceEnvironment['permissions']
  let over = false
  let latest = 0
  let stopTimer = () => {}
  let stopPermission = () => {}

  async function look() {
    const mine = ++latest
    const list = await listDevices(environment)
    // Answers may come in another order than they were asked for.
    if (!over && mine === latest) onList(list)
  }
  const lookSoon = () => {
    stopTimer()
    stopTimer = setTimer(() => void look(), DEBOUNCE_MS)
  }
  // A page that was asleep may have missed it.
  const seen = () => { if (page.visibilityState === 'visible') lookSoon() }

  async function watchPermission() {
    const status = await permissions?.query({ name: 'microphone' as PermissionName }).catch(() => undefined)
    if (!status || over) return
    const changed = () => {
      onPermission?.(status.state)
      lookSoon()
    }
    status.addEventListener('change', changed)
    stopPermission = () => status.removeEventListener('change', changed)
  }

  mediaDevices?.addEventListener?.('devicechange', lookSoon)
  page?.addEventListener('visibilitychange', seen)
  void watchPermission()
  void look()
  return () => {
    over = true
    stopTimer()
    stopPermission()
    mediaDevices?.removeEventListener?.('devicechange', lookSoon)
    page?.removeEventListener('visibilitychange', seen)
  }
}

/** By its name it is a wireless headset, whose microphone makes the sound of both directions worse while it is used. A guess: names are all there is. */
export function soundsWireless(label: string): boolean {
  return /bluetooth|\bBT\b|airpods|hands-?free|\bbuds\b|earbuds|\bWH-|\bWF-|\bQC\s?\d|jabra (elite|evolve)|beats|headset \(.*(ag|audio gateway)/i.test(label)
}

/** By its name it belongs to the machine itself. */
export const soundsBuiltIn = (label: string): boolean => /built-?in|internal|macbook|imac|array|\bphone\b|laptop|integrated/i.test(label)

function browserTimer(callback: () => void, delayMs: number): () => void {
  const id = setTimeout(callback, delayMs)
  return () => clearTimeout(id)
}
