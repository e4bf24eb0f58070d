import { expect, it } from 'vitest'
import { createSentAudio } from '../../../app/voice/sent-audio.ts'

it('is the call\'s time less what came before the microphone, while everything is sent', () => {
  const audio = createSentAudio()
  for (let ms = 40; ms <= 2000; ms += 40) audio.sent(ms, 300 + ms)
  expect(audio.toCallMs(1000)).toBe(1300)
})

it('knows of a mute in between', () => {
  const audio = createSentAudio()
  for (let ms = 40; ms <= 1000; ms += 40) audio.sent(ms, ms)
  for (let ms = 1040; ms <= 2000; ms += 40) audio.sent(ms, 5000 + ms)
  expect(audio.toCallMs(500)).toBe(500)
  expect(audio.toCallMs(1500)).toBe(6500)
})

it('takes the scheduling of the page for what it is', () => {
  const audio = createSentAudio()
  for (let ms = 40; ms <= 1000; ms += 40) audio.sent(ms, ms + (ms % 120 === 0 ? 35 : 0))
  expect(audio.toCallMs(600)).toBe(600)
})

it('says something sensible before anything was sent', () => {
  expect(createSentAudio().toCallMs(250)).toBe(250)
})
