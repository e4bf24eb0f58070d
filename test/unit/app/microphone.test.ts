import { describe, expect, it, vi } from 'vitest'
import { openMicrophone, type MicrophoneFrame } from '../../../app/voice/microphone.ts'
import { settled } from '../../fakes/manual-clock.ts'

function fakeTrack() {
  return Object.assign(new EventTarget(), { stop: vi.fn(), enabled: true })
}

function setup(getUserMedia?: (constraints: MediaStreamConstraints) => Promise<MediaStream>) {
  const track = fakeTrack()
  const stream = { getTracks: () => [track] } as unknown as MediaStream
  const asked: MediaStreamConstraints[] = []
  const node = Object.assign(new EventTarget(), {
    port: { onmessage: undefined as ((event: { data: unknown }) => void) | undefined | null, postMessage: vi.fn() },
    connect: vi.fn(),
    disconnect: vi.fn(),
  })
  const source = { connect: vi.fn(), disconnect: vi.fn() }
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
  return { track, stream, asked, node, source, addModule, context, environment }
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
