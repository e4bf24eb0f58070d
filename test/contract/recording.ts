import { readFileSync } from 'node:fs'
import { createResampler, decodePcm16, encodePcm16, floatToPcm16, pcm16FromBytes, pcm16ToFloat } from '@kaiwa/audio'
import type { ContractClient, WireEvent } from './contract-client.ts'

const WIRE_RATE = 24_000
const FRAME_SAMPLES = WIRE_RATE / 10

/** A person's recording at the wire's rate, with silence around it. */
export function recording(file: string, { leadMs = 500, tailMs = 1500 } = {}): Int16Array {
  const wav = readFileSync(new URL(`../fixtures/speech/${file}`, import.meta.url))
  const samples = pcm16FromBytes(wav.subarray(wav.indexOf('data') + 8)) ?? new Int16Array(0)
  const resampler = createResampler({ inputRate: wav.readUInt32LE(24), outputRate: WIRE_RATE })
  const speech = [resampler.process(pcm16ToFloat(samples)), resampler.flush()].map(floatToPcm16)
  return Int16Array.from([silence(leadMs), ...speech, silence(tailMs)].flatMap(piece => [...piece]))
}

export const silence = (ms: number) => new Int16Array(Math.round(ms * WIRE_RATE / 1000))

/** Sends audio as a microphone would, in frames of 100 ms, as fast as the line takes it. */
export async function speak(client: ContractClient, audio: Int16Array): Promise<void> {
  for (let at = 0; at < audio.length; at += FRAME_SAMPLES) {
    client.send({ type: 'input_audio_buffer.append', audio: encodePcm16(audio.subarray(at, at + FRAME_SAMPLES)) })
    // Room for the server's own events: a microphone never floods.
    if (at % (10 * FRAME_SAMPLES) === 0) await new Promise(resolve => setImmediate(resolve))
  }
}

/** The samples of audio deltas, joined. Throws when one isn't base64 of whole samples. */
export function samplesOf(deltas: readonly WireEvent[]): Int16Array {
  const pieces = deltas.map(({ delta }) => decodePcm16(String(delta)))
  if (pieces.includes(undefined)) throw new Error('an audio delta is not base64 of 16-bit samples')
  return Int16Array.from(pieces.flatMap(piece => [...piece!]))
}
