import { Readable } from 'node:stream'
import { z } from 'zod'
import type { KeptVoices } from '../../shared/history.ts'
import type { AudioKeeper } from '../journal/audio-keeper.ts'
import { refusal, type Refusal } from '../realtime/admission.ts'
import type { Store, StoredAudio } from '../store/store.ts'
import { invalid } from './conversation-requests.ts'
import { spanOf } from './conversation-view.ts'
import { historyRequest, json, noConversation, type HistoryAnswer } from './history-answer.ts'
import { timelineOf, type CallTimeline } from './timeline.ts'
import { rateOf, samplesOf, voiceTrack, type VoiceTrack } from './voice-track.ts'
import { bytesBetween, rangeIn, toLittleEndian, WAVE_HEADER_BYTES, waveHeader } from './wave-stream.ts'

const voiceSchema = z.object({ voice: z.enum(['user', 'assistant']).optional(), call: z.string().max(128).optional() })

export const noAudio = refusal(404, 'no_audio', 'No voices were kept of that. They are with KAIWA_STORE=all, for calls that begin from then on.')

/** Undefined: there is no such conversation. @throws StoreError */
async function voicesOf(store: Pick<Store, 'get' | 'audio'>, owner: string, id: string): Promise<CallTimeline[] | undefined> {
  const own = await store.get(owner, id)
  return own && timelineOf(own, await store.audio(owner, id))
}

/** `GET …/audio`: which stretches there are; with `voice` and `call`, that voice as a WAV file. */
export const answerVoices = historyRequest(async (ask, { store, journal }) => {
  const read = voiceSchema.safeParse(Object.fromEntries(ask.query))
  if (!read.success) return invalid(read.error)
  const { params: { id = '' }, owner, headers } = ask
  const calls = await voicesOf(store, owner, id)
  if (!calls) return noConversation
  const { voice, call } = read.data
  if (voice === undefined) return json(indexOf(id, calls))
  const asked = calls.find(({ callId, stretches }) => callId === call && stretches.some(({ speaker }) => speaker === voice))
  return asked ? waveOf(voiceTrack(asked, voice, rateOfVoice(asked, voice)), journal.audio, headers.range) : noAudio
})

const rateOfVoice = ({ stretches }: CallTimeline, voice: StoredAudio['speaker']) => rateOf(stretches.filter(({ speaker }) => speaker === voice))

function indexOf(id: string, calls: readonly CallTimeline[]): KeptVoices {
  return {
    calls: calls.filter(({ stretches }) => stretches.length > 0).map(call => ({
      call_id: call.callId, conversation_id: id, from_ms: call.fromMs, duration_ms: call.durationMs,
      voices: (['user', 'assistant'] as const).filter(voice => call.stretches.some(({ speaker }) => speaker === voice)).map(voice => ({
        voice, sample_rate: rateOfVoice(call, voice), href: `/api/conversations/${id}/audio?voice=${voice}&call=${call.callId}`,
      })),
      stretches: call.stretches.map(stretch => ({ item_id: stretch.itemId, voice: stretch.speaker, span: spanOf(stretch) })),
    })),
  }
}

function waveOf(track: VoiceTrack, audio: Pick<AudioKeeper, 'read'>, asked: string | undefined): HistoryAnswer | Refusal {
  const size = WAVE_HEADER_BYTES + track.samples * 2
  const range = rangeIn(asked, size)
  const common: [string, string][] = [['Content-Type', 'audio/wav'], ['Accept-Ranges', 'bytes']]
  if (range === 'unsatisfiable') return { status: 416, headers: [...common, ['Content-Range', `bytes */${size}`]] }
  const { from, to } = range ?? { from: 0, to: size - 1 }
  const told: [string, string][] = range ? [['Content-Range', `bytes ${from}-${to}/${size}`]] : []
  return { status: range ? 206 : 200, headers: [...common, ['Content-Length', String(to - from + 1)], ...told], body: Readable.from(bytesOf(track, audio, from, to), { objectMode: false }) }
}

/** Reads from where it is asked for, not from the beginning. */
async function* bytesOf(track: VoiceTrack, audio: Pick<AudioKeeper, 'read'>, from: number, to: number) {
  const firstSample = Math.max(0, Math.floor((from - WAVE_HEADER_BYTES) / 2))
  const isFromHeader = from < WAVE_HEADER_BYTES
  async function* pieces() {
    if (isFromHeader) yield waveHeader({ channels: 1, rate: track.rate, samples: track.samples })
    for await (const samples of samplesOf(track, audio, isFromHeader ? 0 : firstSample)) yield toLittleEndian(samples)
  }
  yield* bytesBetween(pieces(), isFromHeader ? from : from - WAVE_HEADER_BYTES - firstSample * 2, to - from + 1)
}
