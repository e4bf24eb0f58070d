import type { Output } from '../../app/voice/output.ts'

/** An output that remembers what it was told. */
export interface FakeOutput extends Output {
  latencyMs: number
  readonly volume: number
  readonly deviceId: string | undefined
  readonly closed: boolean
}

export function createFakeOutput(): FakeOutput {
  let volume = 1
  let deviceId: string | undefined
  let closed = false
  return {
    input: {} as AudioNode,
    latencyMs: 0,
    get volume() { return volume },
    get deviceId() { return deviceId },
    get closed() { return closed },
    setVolume(next) { volume = next },
    async setDevice(next) {
      deviceId = next
      return true
    },
    close() { closed = true },
  }
}
