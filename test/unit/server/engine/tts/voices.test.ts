import { expect, test } from 'vitest'
import { fliteVoiceFor, fliteVoices } from '../../../../../server/engine/tts/voices.ts'

const protocolVoices = ['marin', 'cedar', 'alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse']

test('each of the protocol\'s voices has a sound, and no two have the same', () => {
  const sounds = protocolVoices.map(name => JSON.stringify(fliteVoiceFor(name)))
  expect(new Set(sounds).size).toBe(protocolVoices.length)
})

test('a voice without pitch control is given to one name only', () => {
  expect(Object.values(fliteVoices).filter(voice => voice.name === 'rms')).toEqual([{ name: 'rms', pitch: 1 }])
})

test('Flite\'s own names work; names nobody knows sound like marin, even those of object keys', () => {
  expect(fliteVoiceFor('awb')).toEqual({ name: 'awb', pitch: 1 })
  for (const name of ['nova', '', 'constructor', '__proto__']) expect(fliteVoiceFor(name)).toEqual(fliteVoiceFor('marin'))
})
