import { describe, expect, it } from 'vitest'
import { openChosenTransport } from '../../../app/voice/chosen-transport.ts'
import type { TransportMedia, TransportState, TransportWish } from '../../../app/voice/transport.ts'
import { createScriptedTransport } from '../../fakes/scripted-transport.ts'
import type { ScriptedTransport } from '../../fakes/scripted-transport.ts'

function choose(wish: TransportWish, { failedBefore = false, supported = true } = {}) {
  const opened: { kind: 'webrtc' | 'websocket', transport: ScriptedTransport, tracks: (MediaStreamTrack | undefined)[], speak: (voice: MediaStream) => void }[] = []
  const memory = { failures: [] as string[], failed: () => failedBefore, remember() { this.failures.push('remembered') }, forget() { this.failures.push('forgotten') } }
  function make(kind: 'webrtc' | 'websocket') {
    const transport = createScriptedTransport()
    const one = { kind, transport, tracks: [] as (MediaStreamTrack | undefined)[], speak: (_voice: MediaStream) => {} }
    const media: TransportMedia = { setMicrophone: track => { one.tracks.push(track) }, onVoice: listener => { one.speak = listener }, network: {} }
    opened.push(one)
    return kind === 'webrtc' ? Object.defineProperty(transport, 'media', { value: media }) : transport
  }
  const transport = openChosenTransport(wish, { openWebRtc: () => make('webrtc'), openWebSocket: () => make('websocket'), memory, supported: () => supported })
  const states: TransportState[] = []
  const texts: string[] = []
  transport.onState(state => states.push(state))
  transport.onEvent(text => texts.push(text))
  return {
    transport, states, texts, opened, memory,
    get now() { return opened.at(-1)! },
    get phases() { return states.map(({ phase }) => phase) },
    fail(way: 'unreached' | 'refused' | 'lost') {
      const { transport: failing } = opened.at(-1)!
      failing.drop(0, 'webrtc_failed', undefined, { way, silentMs: 1500 })
    },
  }
}

describe('one transport to whoever talks', () => {
  it('goes over WebRTC, and forgets that it ever failed here', () => {
    const line = choose('auto')
    line.now.transport.accept()
    expect(line.transport.route).toEqual({ kind: 'webrtc' })
    expect(line.transport.media).toBeDefined()
    expect(line.memory.failures).toEqual(['forgotten'])
  })

  it('goes over the socket when WebRTC isn’t there in time, as if nothing had happened but a little time, and says why', () => {
    const line = choose('auto')
    line.fail('unreached')
    line.now.transport.accept()
    expect(line.opened.map(({ kind }) => kind)).toEqual(['webrtc', 'websocket'])
    expect(line.phases).toEqual(['open'])
    expect(line.transport.route).toEqual({ kind: 'websocket', instead: 'unreached' })
    expect(line.transport.media).toBeUndefined()
    expect(line.memory.failures).toEqual(['remembered'])
  })

  it('moves to the socket in the middle of a call', () => {
    const line = choose('auto')
    line.now.transport.accept()
    line.fail('lost')
    expect(line.states.at(-1)).toEqual({ phase: 'moving', silentMs: 1500 })
    line.now.transport.accept()
    line.now.transport.serveText('{"type":"x"}')
    expect([line.phases, line.texts]).toEqual([['open', 'moving', 'open'], ['{"type":"x"}']])
    line.transport.send({ type: 'response.create' })
    expect(line.now.transport.sent).toHaveLength(1)
  })

  it('hears nothing more of a way that it left', () => {
    const line = choose('auto')
    const [first] = line.opened
    first!.transport.accept()
    line.fail('lost')
    first!.transport.serveText('{"type":"late"}')
    expect(line.texts).toEqual([])
  })

  it('takes the microphone and the ear along to WebRTC anew, for who wants no other way', () => {
    const line = choose('webrtc')
    const track = {} as MediaStreamTrack
    const voices: MediaStream[] = []
    line.transport.media!.setMicrophone(track)
    line.transport.media!.onVoice(voice => voices.push(voice))
    line.now.transport.accept()
    line.fail('lost')
    expect(line.opened.map(({ kind }) => kind)).toEqual(['webrtc', 'webrtc'])
    expect(line.now.tracks).toEqual([track])
    line.now.speak({} as MediaStream)
    expect(voices).toHaveLength(1)
    line.fail('unreached')
    expect(line.states.at(-1)).toMatchObject({ phase: 'closed', reason: 'webrtc_failed' })
  })

  it('hands over a voice that was there before anybody listened', () => {
    const line = choose('auto')
    const voices: MediaStream[] = []
    line.now.speak({} as MediaStream)
    line.transport.media!.onVoice(voice => voices.push(voice))
    expect(voices).toHaveLength(1)
  })

  it('doesn’t try what failed in this network before', () => {
    expect(choose('auto', { failedBefore: true }).transport.route).toEqual({ kind: 'websocket', instead: 'failed_before' })
    expect(choose('auto', { supported: false }).transport.route).toEqual({ kind: 'websocket', instead: 'unsupported' })
  })

  it('ends when the server ended the call, whichever way it goes', () => {
    for (const wish of ['auto', 'websocket'] as const) {
      const line = choose(wish)
      line.now.transport.accept()
      line.now.transport.drop(1000, 'x.budget_spent')
      expect(line.states.at(-1)).toEqual({ phase: 'closed', code: 1000, reason: 'x.budget_spent' })
      expect(line.opened).toHaveLength(1)
    }
  })

  it('closes the way of now, and opens no other', () => {
    const line = choose('auto')
    line.transport.close()
    line.fail('lost')
    expect(line.now.transport.isClosed).toBe(true)
    expect(line.opened).toHaveLength(1)
  })
})
