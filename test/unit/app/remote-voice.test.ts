import type { CaptureFrame } from '@kaiwa/audio'
import { describe, expect, it } from 'vitest'
import type { Heard, Trouble } from '../../../app/voice/call.ts'
import { createRemoteVoice } from '../../../app/voice/remote-voice.ts'
import { createTimeline } from '../../../app/voice/timeline.ts'
import { createFakeElement, framesOf } from '../../fakes/fake-remote-voice.ts'
import { createPageTime } from '../../fakes/page-time.ts'

function hearing() {
  const time = createPageTime()
  const element = createFakeElement()
  const timeline = createTimeline()
  const heards: { heard: Heard, wanted: boolean }[] = []
  const said: string[] = []
  let hear: (frame: CaptureFrame) => void = () => {}
  const settings = { volume: 0.8, speakerId: undefined, playbackPath: 'direct' } as const
  const voice = createRemoteVoice({
    createElement: () => element as unknown as HTMLAudioElement,
    openEar: (_context, _stream, onFrame) => { hear = onFrame; return () => {} },
    lagMs: () => 120, settings: () => settings, timeline, nowMs: time.nowMs, setTimer: time.setTimer,
  }, {
    onQueued: () => said.push('queued'),
    onHeard: (heard, wanted) => heards.push({ heard, wanted }),
    onOver: () => said.push('over'),
    onFailed: ({ code }: Trouble) => said.push(code),
    onWorks: () => said.push('works'),
  })
  voice.open({} as AudioContext)
  voice.attach({} as MediaStream)
  return {
    voice, element, timeline, time, heards, said,
    /** The element plays, frame by frame. */
    async plays(ms: number) {
      for (const frame of framesOf(ms)) {
        await time.advance(40)
        element.currentTime += 0.04
        hear(frame)
      }
      await time.advance(50)
    },
    get heardMs() { return heards.at(-1)?.heard.heardMs ?? 0 },
  }
}

describe('a voice that the transport carries', () => {
  it('is heard by the element’s clock, less what is on its way, from when the server says that it speaks', async () => {
    const { voice, plays, heards, said, heardMs: before } = hearing()
    await plays(400)
    expect(before).toBe(0)
    voice.began('r1', 'a1')
    expect(said).toEqual(['queued'])
    await plays(1000)
    const { heard } = heards.at(-1)!
    expect(heard).toMatchObject({ segmentId: 'a1', complete: false })
    expect(heard.heardMs).toBeGreaterThan(780)
    expect(heard.heardMs).toBeLessThanOrEqual(880)
  })

  it('is over a moment after the server has sent the last of it, when that was heard', async () => {
    const { voice, plays, heards, said } = hearing()
    voice.began('r1', 'a1')
    await plays(1000)
    voice.over('r1', false)
    expect(said).toEqual(['queued'])
    await plays(200)
    expect(said).toEqual(['queued', 'over'])
    expect(heards.at(-1)).toEqual({ heard: { segmentId: 'a1', heardMs: 1000, receivedMs: 1000, complete: true }, wanted: true })
  })

  it('falls silent at once, with what was heard, until another reply is spoken', async () => {
    const { voice, element, plays } = hearing()
    voice.began('r1', 'a1')
    await plays(1000)
    const heard = voice.silence(['r1'])
    expect(element.muted).toBe(true)
    expect(heard!.heardMs).toBeLessThanOrEqual(880)
    expect(voice.sounding()).toBeUndefined()
    voice.over('r1', true)
    voice.began('r1', 'a1')
    expect(element.muted).toBe(true)
    voice.began('r2', 'a2')
    expect(element.muted).toBe(false)
    expect(voice.sounding()).toMatchObject({ segmentId: 'a2', heardMs: 0 })
  })

  it('is over when the server itself drops the rest', async () => {
    const { voice, plays, said, heards } = hearing()
    voice.began('r1', 'a1')
    await plays(600)
    voice.over('r1', true)
    expect(said).toEqual(['queued', 'over'])
    expect(heards.at(-1)!.wanted).toBe(false)
  })

  it('gets quieter to give way, and comes back, at the chosen volume', () => {
    const { voice, element } = hearing()
    expect(element.volume).toBe(0.8)
    voice.duck()
    expect(element.volume).toBeLessThan(0.2)
    voice.unduck()
    expect(element.volume).toBe(0.8)
  })

  it('is drawn as it was measured, as long as it was heard', async () => {
    const { voice, plays, timeline, time } = hearing()
    voice.began('r1', 'a1')
    await plays(1200)
    const strokes = timeline.window(0, time.nowMs() + 10_000, time.nowMs()).assistant
    expect(strokes.length).toBeGreaterThanOrEqual(9)
    expect(strokes.filter(({ state }) => state === 'heard').length).toBeGreaterThanOrEqual(8)
    expect(strokes[0]!.level).toBeCloseTo(0.2, 1)
  })

  it('says when the browser keeps it silent, and sounds from a click on', async () => {
    const { voice, element, said, time } = hearing()
    element.refuses = true
    voice.attach({} as MediaStream)
    await time.settle()
    expect(said).toEqual(['audio_blocked'])
    element.refuses = false
    voice.gesture()
    await time.settle()
    expect(said).toEqual(['audio_blocked', 'works'])
  })

  it('doesn’t wait for ever for the end of what an element that stands still doesn’t play', async () => {
    const { voice, said, time } = hearing()
    voice.began('r1', 'a1')
    voice.over('r1', false)
    await time.advance(3000)
    expect(said).toEqual(['queued', 'over'])
    expect(time.pendingTimers).toBe(0)
  })

  it('leaves nothing behind', async () => {
    const { voice, element, plays, time } = hearing()
    voice.began('r1', 'a1')
    await plays(200)
    voice.close()
    expect([element.paused, element.srcObject, time.pendingTimers]).toEqual([true, null, 0])
  })
})
