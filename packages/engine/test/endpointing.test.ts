import { expect, it } from 'vitest'
import { endpointingDefaults, silenceNeededMs } from '../src/endpointing.ts'

const { completeMs, doubtfulMs, neutralMs, openMs, fillerMs } = endpointingDefaults

it.each(['what time is it', 'go forward ten meters', 'yes', 'tell me a joke', 'What is that?', 'who is she', '時間を教えて。'])('takes "%s" for whole', text => {
  expect(silenceNeededMs(text)).toBe(completeMs)
})

it.each(['i would like to', 'set a timer for', 'bread and', 'the weather in', 'so i went there because', 'could', 'one, two,', 'please'])('waits for the rest of "%s"', text => {
  expect(silenceNeededMs(text)).toBe(openMs)
})

it.each(['what should i do', 'yes i can', 'could you repeat that please', 'turn the light on', 'go on', 'when is the train', 'when i was young we lived there', 'is she', 'i know him and he knows me'])(
  'lets what sounds open stand where it is whole: "%s"', text => { expect(silenceNeededMs(text)).toBe(completeMs) })

it.each(['maybe we could', 'if it rains tomorrow', 'when i was young he', 'could you read me', 'what i mean is', 'turn off the light in', 'what is the weather going to be in', 'what do you think about the'])('waits for the rest where only the beginning tells: "%s"', text => {
  expect(silenceNeededMs(text)).toBe(openMs)
})

it.each(['where are you from', 'how do i get from', 'what is it like', 'on monday'])('waits a little longer where both may be: "%s"', text => {
  expect(silenceNeededMs(text)).toBe(doubtfulMs)
})

it.each(['i want um', 'uh', 'it was like'])('waits longest while somebody thinks: "%s"', text => {
  expect(silenceNeededMs(text)).toBe(fillerMs)
})

it.each(['', '   ', '時間を'])('waits a middle time when the words tell nothing: "%s"', text => {
  expect(silenceNeededMs(text)).toBe(neutralMs)
})

it('is as patient as the session\'s eagerness says', () => {
  const waits = (['high', 'medium', 'low'] as const).map(eagerness => silenceNeededMs('and', eagerness))
  expect(waits).toEqual(waits.toSorted((a, b) => a - b))
  expect(silenceNeededMs('and', 'auto')).toBe(silenceNeededMs('and', 'medium'))
  expect(silenceNeededMs('um', 'low')).toBeLessThanOrEqual(8000)
})
