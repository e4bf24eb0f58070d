import { expect, it } from 'vitest'
import { endpointingDefaults, silenceNeededMs } from '../src/endpointing.ts'

const { completeMs, neutralMs, openMs, fillerMs } = endpointingDefaults

it.each(['what time is it', 'go forward ten meters', 'yes', 'tell me a joke', 'What is that?', 'who is she', '時間を教えて。'])('takes "%s" for whole', text => {
  expect(silenceNeededMs(text)).toBe(completeMs)
})

it.each(['i would like to', 'set a timer for', 'bread and', 'the weather in', 'so i went there because', 'could', 'one, two,', 'please'])('waits for the rest of "%s"', text => {
  expect(silenceNeededMs(text)).toBe(openMs)
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
