import { describe, expect, it } from 'vitest'
import { openDirectOutput } from '../../../app/voice/output.ts'

function fakeContext(sink?: (deviceId: string) => Promise<void>) {
  const ramps: [value: number, at: number, constant: number][] = []
  const asked: string[] = []
  const context = {
    state: 'running', currentTime: 5, baseLatency: 0.01, outputLatency: 0.03, destination: {},
    createGain: () => ({
      connect() {}, disconnect() {},
      gain: { cancelScheduledValues() {}, setTargetAtTime: (...ramp: [number, number, number]) => ramps.push(ramp) },
    }),
    ...(sink
      ? {
          setSinkId(deviceId: string) {
            asked.push(deviceId)
            return sink(deviceId)
          },
        }
      : {}),
  }
  return { context, ramps, asked, output: openDirectOutput(context as unknown as AudioContext) }
}

describe('the way to the ear', () => {
  it('changes the volume by a ramp, within 0 to 1', () => {
    const { output, ramps } = fakeContext()
    output.setVolume(0.4)
    output.setVolume(3)
    output.setVolume(-1)
    expect(ramps.map(([value]) => value)).toEqual([0.4, 1, 0])
    expect(ramps.every(([, at, constant]) => at === 5 && constant >= 0.004 && constant <= 0.02)).toBe(true)
  })

  it('sounds on the device that is wanted, and on the system’s own when that is gone', async () => {
    const { output, asked } = fakeContext(deviceId => deviceId === 'gone' ? Promise.reject(new Error('NotFoundError')) : Promise.resolve())
    expect(await output.setDevice('headset')).toBe(true)
    expect(await output.setDevice('gone')).toBe(false)
    expect(await output.setDevice(undefined)).toBe(true)
    expect(asked).toEqual(['headset', 'gone', '', ''])
  })

  it('says that it can not where the browser can not', async () => {
    const { output } = fakeContext()
    expect(await output.setDevice('headset')).toBe(false)
    expect(await output.setDevice(undefined)).toBe(true)
  })

  it('follows the latency of the device, and keeps the last one of a context that died', () => {
    const { output, context } = fakeContext()
    expect(output.latencyMs).toBeCloseTo(40)
    context.outputLatency = 0.23
    expect(output.latencyMs).toBeCloseTo(240)
    Object.assign(context, { state: 'closed', baseLatency: 0, outputLatency: 0 })
    expect(output.latencyMs).toBeCloseTo(240)
  })
})
