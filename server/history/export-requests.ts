import { Readable } from 'node:stream'
import { z } from 'zod'
import type { ExportFormat } from '../../shared/history.ts'
import { cuesOf, toSrt, toVtt } from './captions.ts'
import { invalid } from './conversation-requests.ts'
import { asFile } from './file-name.ts'
import { historyRequest, noConversation, type HistoryAnswer, type HistoryHouse } from './history-answer.ts'
import { toJsonDocument } from './json-export.ts'
import { toMarkdown } from './markdown.ts'
import { timelineOf, type CallTimeline } from './timeline.ts'
import { noAudio } from './voice-requests.ts'
import { interleaved, rateOf, samplesOf, voiceTrack } from './voice-track.ts'
import { toLittleEndian, WAVE_HEADER_BYTES, waveHeader } from './wave-stream.ts'
import { readWhole, type WholeConversation } from './whole-conversation.ts'

const exportSchema = z.object({ format: z.enum(['md', 'json', 'srt', 'vtt', 'wav']) })

const types: Record<ExportFormat, string> = {
  md: 'text/markdown; charset=utf-8', json: 'application/json; charset=utf-8', srt: 'application/x-subrip; charset=utf-8', vtt: 'text/vtt; charset=utf-8', wav: 'audio/wav',
}

/** `GET /api/conversations/{id}/export?format=`: a file to be saved. Captions and sound are of the conversation's own calls, one after the other. */
export const exportConversation = historyRequest(async (ask, house) => {
  const read = exportSchema.safeParse(Object.fromEntries(ask.query))
  if (!read.success) return invalid(read.error)
  const { owner, params: { id = '' } } = ask
  const { store } = house
  const whole = await readWhole(store, owner, id)
  if (!whole) return noConversation
  const { format } = read.data
  if (format === 'json') return file(whole, format, JSON.stringify(toJsonDocument(whole, await store.personas(owner, id)), null, 2))
  if (format === 'md') return file(whole, format, toMarkdown(whole))
  const audio = await store.audio(owner, id)
  const calls = timelineOf(whole.own, audio)
  if (format === 'wav') return audio.length === 0 ? noAudio : recording(whole, calls, house)
  const cues = cuesOf(whole.own, calls)
  return file(whole, format, format === 'srt' ? toSrt(cues) : toVtt(cues))
})

const headOf = ({ own }: WholeConversation, format: ExportFormat): [string, string][] => [['Content-Type', types[format]], asFile('kaiwa', own.title, own.beganAtMs, format)]

function file(whole: WholeConversation, format: ExportFormat, text: string): HistoryAnswer {
  const bytes = Buffer.from(text)
  return { status: 200, headers: [...headOf(whole, format), ['Content-Length', String(bytes.length)]], body: Readable.from([bytes], { objectMode: false }) }
}

/** The talker left, the answers right. Read and written piece by piece, as fast as it is taken. */
function recording(whole: WholeConversation, calls: readonly CallTimeline[], { journal }: Pick<HistoryHouse, 'journal'>): HistoryAnswer {
  const rate = rateOf(calls.flatMap(({ stretches }) => stretches))
  const tracks = calls.map(call => ({ user: voiceTrack(call, 'user', rate), assistant: voiceTrack(call, 'assistant', rate) }))
  const samples = tracks.reduce((sum, { user }) => sum + user.samples, 0)
  async function* bytes() {
    yield waveHeader({ channels: 2, rate, samples })
    for (const { user, assistant } of tracks) {
      for await (const both of interleaved(samplesOf(user, journal.audio), samplesOf(assistant, journal.audio))) yield toLittleEndian(both)
    }
  }
  return { status: 200, headers: [...headOf(whole, 'wav'), ['Content-Length', String(WAVE_HEADER_BYTES + samples * 4)]], body: Readable.from(bytes(), { objectMode: false }) }
}
