/** Whole calls with marked sound, in a real browser through the real server: what went in and what came out. Tests judge it, the bench prints it. */
import { decodePcm16, floatToPcm16, pcm16ToFloat } from '@kaiwa/audio'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import type { Recording } from '../fakes/wav.ts'
import { BLOCK_MS, findBlock, inWords, largestClickDb, largestSeamDb, markedVoice, readBlocks, soundingStretches, withoutSilence } from './marked-blocks.ts'
import { markedConversation, type Answer } from './marked-conversation.ts'
import { startTalking, until, visit, type Talker, type TalkerOptions } from './talker.ts'

/** Who answers is decided anew for each run. */
export interface Stage { server: KaiwaServer, upstream: ScriptedUpstream, answer: (answers: readonly Answer[]) => void, close(): Promise<void> }

export async function openStage(): Promise<Stage> {
  let answers: readonly Answer[] = []
  const upstream = await startScriptedUpstream({ conversation: (send, model) => markedConversation(answers)(send, model) })
  const server = await startKaiwa({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl })
  return {
    upstream, server,
    answer(next) { answers = next },
    async close() {
      await server.stop()
      await upstream.close()
    },
  }
}

const WIRE_RATE = 24_000
const DEVICE_RATE = 48_000
/** The browser's fake microphone begins to play about 0.1 s before anybody can hear it. */
const LEAD_MS = 500

const markedRecording = (blocks: number): Recording => ({ sampleRate: DEVICE_RATE, samples: floatToPcm16(markedVoice(DEVICE_RATE, blocks)) })

/** All of the microphone that reached the model, as one. */
function heardUpstream(upstream: ScriptedUpstream): Float32Array {
  const appends = upstream.connections.flatMap(({ events }) => events.filter(event => event.type === 'input_audio_buffer.append'))
  const pieces = appends.map(event => decodePcm16(String(event.audio))!)
  const whole = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  pieces.reduce((at, piece) => { whole.set(pcm16ToFloat(piece), at); return at + piece.length }, 0)
  return whole
}

interface MicrophoneRunOptions {
  blocks: number
  handshakeMs?: number
  settings?: TalkerOptions['settings']
  meanwhile?: (talker: Talker) => Promise<void>
}

interface MicrophoneRun {
  blocks: (number | undefined)[]
  words: string
  /** From the first sample that reached the model to the first block, ms. */
  leadMs: number
}

/** Blocks go in at the microphone from the click on; the line takes so long. `meanwhile`: what happens while they are spoken. */
export async function runMicrophone({ server, upstream }: Stage, options: MicrophoneRunOptions): Promise<MicrophoneRun> {
  const { blocks, handshakeMs = 0, settings, meanwhile } = options
  upstream.connections.length = 0
  upstream.script({ handshake: { do: 'accept', afterMs: handshakeMs } })
  const talker = await visit(server.address, { says: { recording: markedRecording(blocks), afterMs: LEAD_MS }, unprocessed: true, settings: { bargeIn: 'off', ...settings } })
  try {
    await startTalking(talker)
    await meanwhile?.(talker)
    const wantedMs = LEAD_MS + blocks * BLOCK_MS
    await until('the whole signal at the model', () => heardUpstream(upstream).length * 1000 / WIRE_RATE > wantedMs + 200, 30_000)
  } finally {
    await talker.leave()
  }
  const heard = heardUpstream(upstream)
  const at = findBlock(heard, WIRE_RATE)
  if (at < 0) throw new Error('The first block never reached the model.')
  const read = readBlocks(heard, WIRE_RATE, at).slice(0, blocks)
  return { blocks: read, words: inWords(read), leadMs: at * 1000 / WIRE_RATE }
}

interface LoudspeakerRun {
  /** Numbers of the blocks in the order heard, silences left out. */
  blocks: (number | undefined)[]
  words: string
  /** Silences within the sound, ms. */
  gapsMs: number[]
  seamDb: number
  clickDb: number
  talker: { truncatedAtMs: number | undefined, /** From the player to the ear, as the browser told it at the cut. */ latencyMs: number }
  soundedMs: number
}

/** Answers to typed questions come out at the loudspeaker. `during`: what happens while the first one sounds. */
export async function runLoudspeaker(stage: Stage, answers: readonly Answer[], during?: (talker: Talker) => Promise<void>): Promise<LoudspeakerRun> {
  const { server, upstream, answer } = stage
  upstream.connections.length = 0
  answer(answers)
  const talker = await visit(server.address)
  try {
    for (const [n] of answers.entries()) {
      await talker.page.getByRole('textbox', { name: 'Message' }).fill('Go on')
      await talker.button('Send').click()
      await until('sound', async () => (await talker.states()).filter(state => state === 'speaking').length > n)
        .catch(async (error: Error) => {
          throw new Error([error.message, ...await talker.states(), ...talker.complaints, server.log().slice(-500)].join('; '))
        })
      await during?.(talker)
      const isAnswered = () => talker.received.filter(event => event.type === 'response.done').length > n
      await until('the end of the sound', async () => isAnswered() && (await talker.states()).at(-1) === 'listening', 40_000)
    }
    const cut = talker.sent.find(event => event.type === 'conversation.item.truncate')
    const played = await talker.played()
    return { ...judge(played), talker: { truncatedAtMs: cut && Number(cut.audio_end_ms), latencyMs: played.latencyMs } }
  } finally {
    await talker.leave()
  }
}

function judge({ samples, sampleRate }: { samples: Float32Array, sampleRate: number }) {
  const stretches = soundingStretches(samples, sampleRate)
  const sound = withoutSilence(samples, stretches)
  const at = findBlock(sound, sampleRate)
  const blocks = readBlocks(sound, sampleRate, Math.max(0, at))
  return {
    blocks, words: inWords(blocks),
    gapsMs: stretches.slice(1).map(({ from }, i) => Math.round((from - stretches[i]!.to) * 1000 / sampleRate)),
    seamDb: largestSeamDb(samples, stretches),
    clickDb: largestClickDb(samples, sampleRate),
    soundedMs: sound.length * 1000 / sampleRate,
  }
}

/** `0, 1, 2 …` */
export const inOrder = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i)
