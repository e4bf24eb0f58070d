import { describe, expect, it, vi } from 'vitest'
import { openMicrophone, type MicrophoneFrame } from '../../../app/voice/microphone.ts'
import { settled } from '../../fakes/manual-clock.ts'

function fakeTrack() {
  return Object.assign(new EventTarget(), {
    stop: vi.fn(), enabled: true, label: 'Desk', getSettings: () => ({ deviceId: 'a', sampleRate: 48_000 }), applyConstraints: vi.fn(async (_wishes: MediaTrackConstraints) => {}),
  })
}

function setup(getUserMedia?: (constraints: MediaStreamConstraints) => Promise<MediaStream>) {
  const track = fakeTrack()
  const ear = fakeTrack()
  const stream = { getTracks: () => [track], clone: () => ({ getTracks: () => [ear] }) } as unknown as MediaStream
  const asked: MediaStreamConstraints[] = []
  const node = Object.assign(new EventTarget(), {
    port: { onmessage: undefined as ((event: { data: unknown }) => void) | undefined | null, postMessage: vi.fn() },
    connect: vi.fn(),
    disconnect: vi.fn(),
  })
  const source = { connect: vi.fn((next: unknown) => next), disconnect: vi.fn() }
  const addModule = vi.fn(() => Promise.resolve())
  const context = { audioWorklet: { addModule }, createMediaStreamSource: () => source, destination: {} } as unknown as AudioContext
  const environment = {
    isSecureContext: true,
    workletUrl: '/capture.js',
    createNode: () => node as unknown as AudioWorkletNode,
    mediaDevices: {
      getUserMedia(constraints: MediaStreamConstraints = {}) {
        asked.push(constraints)
        return getUserMedia ? getUserMedia(constraints) : Promise.resolve(stream)
      },
    },
  }
  return { track, ear, stream, asked, node, source, addModule, context, environment }
}

async function opened(parts: ReturnType<typeof setup>) {
  const opening = await openMicrophone(parts.context, parts.environment)
  if (!opening.ok) throw new Error(opening.fault.code)
  const frames: MicrophoneFrame[] = []
  opening.microphone.onFrame(frame => frames.push(frame))
  const post = (firstSample: number) => parts.node.port.onmessage?.({ data: { samples: new Int16Array(960), level: 0.1, firstSample } })
  return { microphone: opening.microphone, frames, post }
}

const failing = (name: string) => () => Promise.reject(new DOMException('no', name))

describe('microphone', () => {
  it('asks for one channel with echo cancellation, noise suppression and gain control, and passes frames on', async () => {
    const parts = setup()
    const { frames, post } = await opened(parts)
    expect(parts.asked).toEqual([{ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 } }])
    post(0)
    post(960)
    expect(frames.map(frame => frame.firstSample)).toEqual([0, 960])
  })

  it.each([
    ['NotAllowedError', 'mic_denied'],
    ['SecurityError', 'mic_denied'],
    ['NotFoundError', 'mic_missing'],
    ['NotReadableError', 'mic_busy'],
    ['AbortError', 'mic_failed'],
  ])('says of %s: %s', async (name, code) => {
    const parts = setup(failing(name))
    const opening = await openMicrophone(parts.context, parts.environment)
    expect(opening).toMatchObject({ ok: false, fault: { code } })
  })

  it('asks again without wishes when the wishes can\'t be met', async () => {
    const parts = setup()
    const { context, asked, stream, environment } = parts
    environment.mediaDevices.getUserMedia = constraints => {
      asked.push(constraints!)
      return asked.length === 1 ? failing('OverconstrainedError')() : Promise.resolve(stream)
    }
    expect((await openMicrophone(context, environment)).ok).toBe(true)
    expect(asked[1]).toEqual({ audio: true })
  })

  it('says what the second attempt failed of', async () => {
    let calls = 0
    const parts = setup(() => failing(calls++ === 0 ? 'OverconstrainedError' : 'NotFoundError')())
    expect(await openMicrophone(parts.context, parts.environment)).toMatchObject({ fault: { code: 'mic_missing' } })
  })

  it('knows an insecure page by the browser\'s word, or by the missing devices', async () => {
    const { context, environment } = setup()
    expect(await openMicrophone(context, { ...environment, isSecureContext: false })).toMatchObject({ fault: { code: 'insecure_page' } })
    expect(await openMicrophone(context, { ...environment, mediaDevices: undefined })).toMatchObject({ fault: { code: 'insecure_page' } })
  })

  it('stops the tracks when the worklet can\'t be loaded', async () => {
    const parts = setup()
    parts.addModule.mockRejectedValue(new Error('404'))
    expect(await openMicrophone(parts.context, parts.environment)).toMatchObject({ fault: { code: 'mic_failed' } })
    expect(parts.track.stop).toHaveBeenCalled()
  })

  it('lets nothing leave while muted, and silences the track too', async () => {
    const parts = setup()
    const { microphone, frames, post } = await opened(parts)
    microphone.setMuted(true)
    post(0)
    expect(parts.track.enabled).toBe(false)
    microphone.setMuted(false)
    post(960)
    expect(parts.track.enabled).toBe(true)
    expect(frames.map(frame => frame.firstSample)).toEqual([960])
  })

  it('opens the very device that was chosen; gone, the system\'s own instead, and says so', async () => {
    const parts = setup()
    const { environment, context, asked, stream } = parts
    const chosen = await openMicrophone(context, { ...environment, deviceId: 'mine' })
    expect(asked[0]).toMatchObject({ audio: { deviceId: { exact: 'mine' }, echoCancellation: true } })
    expect(chosen).toMatchObject({ microphone: { device: { deviceId: 'a', label: 'Desk', sampleRate: 48_000, instead: false } } })
    for (const name of ['OverconstrainedError', 'NotFoundError', 'NotReadableError']) {
      asked.length = 0
      environment.mediaDevices.getUserMedia = wishes => {
        asked.push(wishes!)
        return asked.length === 1 ? failing(name)() : Promise.resolve(stream)
      }
      expect(await openMicrophone(context, { ...environment, deviceId: 'mine' }), name).toMatchObject({ microphone: { device: { instead: true } } })
      expect(asked[1], name).not.toMatchObject({ audio: { deviceId: { exact: 'mine' } } })
    }
  })

  it('opens nothing in its place when it is that one or none', async () => {
    const parts = setup(failing('NotReadableError'))
    expect(await openMicrophone(parts.context, { ...parts.environment, deviceId: 'mine', only: true })).toMatchObject({ fault: { code: 'mic_busy' } })
    expect(parts.asked).toHaveLength(1)
  })

  it('doesn\'t ask a second time where the person said no', async () => {
    const parts = setup(failing('NotAllowedError'))
    expect(await openMicrophone(parts.context, { ...parts.environment, deviceId: 'mine' })).toMatchObject({ fault: { code: 'mic_denied' } })
    expect(parts.asked).toHaveLength(1)
  })

  it('is silent from the first moment when it is opened muted', async () => {
    const parts = setup()
    parts.addModule.mockImplementation(async () => { expect(parts.track.enabled).toBe(false) })
    const opening = await openMicrophone(parts.context, { ...parts.environment, isMuted: () => true })
    if (!opening.ok) throw new Error(opening.fault.code)
    const frame = vi.fn()
    opening.microphone.onFrame(frame)
    parts.node.port.onmessage?.({ data: { samples: new Int16Array(960), level: 0.1, firstSample: 0 } })
    expect(parts.track.enabled).toBe(false)
    expect(frame).not.toHaveBeenCalled()
  })

  it('tells how loud it is around a muted microphone, by a track of its own that gives numbers only', async () => {
    const parts = setup()
    const { microphone, frames, post } = await opened(parts)
    const levels: number[] = []
    microphone.onMutedLevel(level => levels.push(level))
    post(0)
    expect(levels).toEqual([])
    microphone.setMuted(true)
    post(960)
    expect(levels).toEqual([0.1])
    expect(parts.track.enabled).toBe(false)
    microphone.setMuted(false)
    expect(parts.ear.stop).toHaveBeenCalledTimes(1)
    microphone.setMuted(true)
    microphone.close()
    expect(parts.ear.stop).toHaveBeenCalledTimes(2)
    expect(frames.map(frame => frame.firstSample)).toEqual([0])
  })

  it('tells when the system takes the sound away and gives it back', async () => {
    const parts = setup()
    const { microphone } = await opened(parts)
    const taken: boolean[] = []
    microphone.onTaken(now => taken.push(now))
    parts.track.dispatchEvent(new Event('mute'))
    parts.track.dispatchEvent(new Event('unmute'))
    microphone.close()
    parts.track.dispatchEvent(new Event('mute'))
    expect(taken).toEqual([true, false])
  })

  it('leads through our own noise filter when that is wished, and through the browser\'s when it can\'t be had', async () => {
    const parts = setup()
    const noise = { connect: vi.fn((next: unknown) => next), disconnect: vi.fn(), destroy: vi.fn() }
    const filtered = await openMicrophone(parts.context, { ...parts.environment, noiseFilter: 'rnnoise', openNoiseNode: async () => noise as unknown as AudioNode })
    expect(parts.asked[0]).toMatchObject({ audio: { noiseSuppression: false } })
    expect(parts.source.connect).toHaveBeenCalledWith(noise)
    expect(noise.connect).toHaveBeenCalledWith(parts.node)
    if (filtered.ok) filtered.microphone.close()
    expect(noise.destroy).toHaveBeenCalledTimes(1)
    const without = await openMicrophone(parts.context, { ...parts.environment, noiseFilter: 'rnnoise', openNoiseNode: async () => undefined })
    expect(without.ok).toBe(true)
    expect(parts.track.applyConstraints.mock.calls[0]![0]).toMatchObject({ noiseSuppression: true })
    expect([filtered, without]).toMatchObject([{ microphone: { device: { filterMissing: false } } }, { microphone: { device: { filterMissing: true } } }])
  })

  describe('that the browser doesn\'t join to the page\'s context, which runs at another rate', () => {
    function otherRate(refuse: (made: AudioContextOptions | undefined) => boolean = () => false) {
      const parts = setup()
      const refusal = () => { throw new DOMException('different sample-rate', 'NotSupportedError') }
      const made: { options: AudioContextOptions | undefined, close: () => Promise<void>, state: string }[] = []
      parts.context.createMediaStreamSource = refusal
      const createContext = (options?: AudioContextOptions) => {
        const context = {
          options, state: 'suspended', destination: {}, audioWorklet: { addModule: parts.addModule },
          createMediaStreamSource: () => refuse(options) ? refusal() : parts.source,
          resume: vi.fn(async () => { context.state = 'running' }),
          close: vi.fn(async () => { context.state = 'closed' }),
        }
        made.push(context)
        return context as unknown as AudioContext
      }
      return { ...parts, made, environment: { ...parts.environment, createContext } }
    }

    it('is captured by a context of its own rate, which ends with it', async () => {
      const parts = otherRate()
      const { microphone, frames, post } = await opened(parts)
      post(0)
      expect(frames).toHaveLength(1)
      expect(parts.made.map(({ options, state }) => ({ options, state }))).toEqual([{ options: { sampleRate: 48_000 }, state: 'running' }])
      microphone.close()
      microphone.close()
      expect(parts.made[0]!.close).toHaveBeenCalledTimes(1)
    })

    it('is captured at a rate of the browser\'s choice when it takes that only', async () => {
      const parts = otherRate(options => options !== undefined)
      await opened(parts)
      expect(parts.made.map(({ options, state }) => ({ options, state }))).toEqual([{ options: { sampleRate: 48_000 }, state: 'closed' }, { options: undefined, state: 'running' }])
    })

    it('leaves nothing open when no context takes it, or when the worklet doesn\'t come', async () => {
      const none = otherRate(() => true)
      expect(await openMicrophone(none.context, none.environment)).toMatchObject({ ok: false, fault: { code: 'mic_failed' } })
      const late = otherRate()
      late.addModule.mockRejectedValue(new Error('404'))
      expect(await openMicrophone(late.context, late.environment)).toMatchObject({ ok: false, fault: { code: 'mic_failed' } })
      for (const { made, track } of [none, late]) {
        expect(made.every(({ state }) => state === 'closed')).toBe(true)
        expect(track.stop).toHaveBeenCalledTimes(1)
      }
    })

    it('is not tried again elsewhere when the browser says anything else', async () => {
      const parts = otherRate()
      parts.context.createMediaStreamSource = () => { throw new DOMException('closed', 'InvalidStateError') }
      expect(await openMicrophone(parts.context, parts.environment)).toMatchObject({ ok: false })
      expect(parts.made).toEqual([])
    })
  })

  it('stops its tracks and its processor when closed, once, and passes nothing on', async () => {
    const parts = setup()
    const { microphone, frames, post } = await opened(parts)
    const ended = vi.fn()
    microphone.onEnded(ended)
    microphone.close()
    microphone.close()
    post(0)
    parts.track.dispatchEvent(new Event('ended'))
    expect(parts.track.stop).toHaveBeenCalledTimes(1)
    expect(parts.node.port.postMessage).toHaveBeenCalledTimes(1)
    expect(frames).toEqual([])
    expect(ended).not.toHaveBeenCalled()
  })

  it.each(['track', 'node'] as const)('says once that the microphone is gone when its %s fails, and cleans up', async failed => {
    const parts = setup()
    const { microphone } = await opened(parts)
    const ended = vi.fn()
    microphone.onEnded(ended)
    parts[failed].dispatchEvent(new Event(failed === 'track' ? 'ended' : 'processorerror'))
    parts.track.dispatchEvent(new Event('ended'))
    expect(ended).toHaveBeenCalledTimes(1)
    expect(ended.mock.calls[0]![0]).toMatchObject({ code: 'mic_failed' })
    expect(parts.track.stop).toHaveBeenCalled()
  })

  it('waits for the permission as long as it takes; cancelled meanwhile, it stops the tracks that come later', async () => {
    let allow: (stream: MediaStream) => void = () => {}
    const parts = setup(() => new Promise(resolve => { allow = resolve }))
    const cancelling = new AbortController()
    const opening = openMicrophone(parts.context, { ...parts.environment, signal: cancelling.signal })
    cancelling.abort()
    expect(await opening).toMatchObject({ ok: false, fault: { code: 'mic_failed' } })
    expect(parts.track.stop).not.toHaveBeenCalled()
    allow(parts.stream)
    await settled()
    expect(parts.track.stop).toHaveBeenCalledTimes(1)
  })

  it('stops the tracks when cancelled while the worklet loads', async () => {
    const parts = setup()
    const cancelling = new AbortController()
    parts.addModule.mockImplementation(async () => cancelling.abort())
    expect(await openMicrophone(parts.context, { ...parts.environment, signal: cancelling.signal })).toMatchObject({ ok: false })
    expect(parts.track.stop).toHaveBeenCalledTimes(1)
  })
})
