import { host, oneOf, SettingsError, type Kind, type Read } from './setting-kinds.ts'

/** How the embedded engine is reached over WebRTC. */
export interface WebrtcSettings {
  enabled: boolean
  /** Where browsers find its UDP ports; undefined: where they found the server, and the machine's own addresses. */
  address: string | undefined
  /** Its UDP ports; undefined: any. */
  ports: { from: number, to: number } | undefined
}

const portRange: Kind<{ from: number, to: number }> = {
  takes: 'two UDP ports from 1024 to 65535 as `from-to`, the second above the first',
  parse(text) {
    const [from = 0, to = 0] = /^\d{4,5}-\d{4,5}$/.test(text) ? text.split('-').map(Number) : []
    return from >= 1024 && to > from && to <= 65_535 ? { from, to } : undefined
  },
}

/** @throws SettingsError */
export function readWebrtc(read: Read): WebrtcSettings {
  const address = read('KAIWA_WEBRTC_ADDRESS', host, undefined)
  if (address === '0.0.0.0' || address === '::') throw new SettingsError(`KAIWA_WEBRTC_ADDRESS is "${address}"; it takes the address at which browsers reach this machine.`)
  return {
    enabled: read('KAIWA_WEBRTC', oneOf(['auto', 'off']), 'auto') !== 'off',
    address,
    ports: read('KAIWA_WEBRTC_PORTS', portRange, undefined),
  }
}
