import { describe, expect, it, vi } from 'vitest'
import { isWebKitOnIos, openElementOutput } from '../../../app/voice/element-output.ts'

const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'
const safari = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15'

describe('WebKit on iOS', () => {
  it.each([
    ['Safari on an iPhone', iphone, 'iPhone', 5, true],
    ['Chrome on an iPhone, which is WebKit, too', iphone.replace('Version/18.5', 'CriOS/138.0'), 'iPhone', 5, true],
    ['an iPad that says it is a Mac', safari, 'MacIntel', 5, true],
    ['a Mac', safari, 'MacIntel', 0, false],
    ['Firefox on Linux with a touch screen', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Linux x86_64', 10, false],
    ['Chrome on Android', 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Mobile Safari/537.36', 'Linux armv8l', 5, false],
  ])('%s', (_which, userAgent, platform, maxTouchPoints, is) => {
    expect(isWebKitOnIos({ userAgent, platform, maxTouchPoints })).toBe(is)
  })
})

function setup(play: () => Promise<void> = () => Promise.resolve()) {
  const track = { stop: vi.fn() }
  const gain = { gain: { cancelScheduledValues() {}, setTargetAtTime() {} }, connect: vi.fn(), disconnect: vi.fn() }
  const streamNode = { stream: { getTracks: () => [track] } }
  const destination = {}
  const context = {
    state: 'running', baseLatency: 0.01, outputLatency: 0.02, currentTime: 0, destination, createGain: () => gain, createMediaStreamDestination: () => streamNode,
    setSinkId: vi.fn(async () => {}),
  }
  const audio = { srcObject: null as unknown, paused: false, play: vi.fn(play), pause: vi.fn(), setSinkId: vi.fn(async () => {}) }
  let gesture = () => {}
  const left = vi.fn()
  let runOut = () => {}
  const opening = openElementOutput(context as unknown as AudioContext, {
    createAudio: () => audio as unknown as HTMLAudioElement,
    page: {
      onGesture(listener) {
        gesture = listener
        return left
      },
      onReturn: () => left,
    },
    setTimer(callback) {
      runOut = callback
      return () => {}
    },
  })
  return { opening, context, destination, gain, streamNode, track, audio, left, gesture: () => gesture(), runOut: () => runOut() }
}

describe('the way through an element', () => {
  it('leads to the element’s stream, begins within the gesture, and counts more latency than the context tells', async () => {
    const { opening, gain, streamNode, audio } = setup()
    expect(audio.play).toHaveBeenCalledOnce()
    const output = await opening
    expect(gain.connect.mock.calls).toEqual([[streamNode]])
    expect(audio.srcObject).toBe(streamNode.stream)
    expect(output.latencyMs).toBe(90)
    expect(await output.setDevice('b')).toBe(true)
    expect(audio.setSinkId).toHaveBeenCalledWith('b')
  })

  it('plays again at a gesture after the system paused it', async () => {
    const { opening, audio, gesture } = setup()
    await opening
    gesture()
    expect(audio.play).toHaveBeenCalledTimes(1)
    audio.paused = true
    gesture()
    expect(audio.play).toHaveBeenCalledTimes(2)
  })

  it('is direct where the element may not play', async () => {
    const { opening, context, destination, gain, track, audio, left } = setup(() => Promise.reject(new Error('NotAllowedError')))
    const output = await opening
    expect(gain.connect.mock.calls.at(-1)).toEqual([destination])
    expect(output.latencyMs).toBe(30)
    expect([audio.srcObject, track.stop.mock.calls.length, left.mock.calls.length]).toEqual([null, 1, 2])
    expect(await output.setDevice('b')).toBe(true)
    expect(context.setSinkId).toHaveBeenCalledWith('b')
  })

  it('waits no longer than 1.5 s for a browser that says nothing', async () => {
    const { opening, runOut } = setup(() => new Promise(() => {}))
    runOut()
    expect((await opening).latencyMs).toBe(90)
  })

  it('lets everything go once when it is closed', async () => {
    const { opening, audio, track, left, gain } = setup()
    const output = await opening
    output.close()
    output.close()
    expect([audio.pause, track.stop, gain.disconnect].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1])
    expect(left).toHaveBeenCalledTimes(2)
    expect(audio.srcObject).toBeNull()
  })
})
