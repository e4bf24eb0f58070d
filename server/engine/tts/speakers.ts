/** The protocol's voice names on a pack's numbered speakers. Stable, as in `voices.ts`. */
import { DEFAULT_VOICE, fliteVoices } from './voices.ts'

/** kokoro-en-v0_19, https://k2-fsa.github.io/sherpa/onnx/tts/all/English/kokoro-en-v0_19.html */
const ELEVEN: Record<string, number> = { marin: 3, cedar: 6, alloy: 0, ash: 5, ballad: 10, coral: 1, echo: 9, sage: 7, shimmer: 4, verse: 8 }
/** kokoro-multi-lang-v1_0, https://k2-fsa.github.io/sherpa/onnx/tts/pretrained_models/kokoro.html */
const FIFTY_THREE: Record<string, number> = { marin: 3, cedar: 16, alloy: 0, ash: 14, ballad: 26, coral: 2, echo: 12, sage: 21, shimmer: 10, verse: 18 }
/** kokoro-multi-lang-v1_1 has three English speakers among 103; the others are Chinese. */
const HUNDRED_AND_THREE: Record<string, number> = { marin: 0, cedar: 58, alloy: 1, ash: 59, ballad: 60, coral: 2, echo: 61, sage: 3, shimmer: 4, verse: 62 }

const known: Record<number, Record<string, number>> = { 11: ELEVEN, 53: FIFTY_THREE, 103: HUNDRED_AND_THREE }
const names = Object.keys(fliteVoices)

/** A speaker's number, 0 to `speakers` − 1. A number as a name is that speaker; a name nobody knows sounds like the default. */
export function speakerFor(voice: string, speakers: number): number {
  if (/^\d{1,4}$/.test(voice) && Number(voice) < speakers) return Number(voice)
  const name = names.includes(voice) ? voice : DEFAULT_VOICE
  return known[speakers]?.[name] ?? names.indexOf(name) % Math.max(1, speakers)
}
