import { decodeG711, encodeG711 } from '@kaiwa/audio/g711'
import { createResampler, floatToPcm16, pcm16ToFloat } from '@kaiwa/audio'
import { expect, it } from 'vitest'
import type { ContractClient } from '../contract-client.ts'
import type { Scene } from '../describe-realtime-server.ts'
import { recording } from '../recording.ts'
import { ask, ofType, updated } from './talk.ts'

const laws = [['audio/pcmu', 'pcmu'], ['audio/pcma', 'pcma']] as const
const BYTES_PER_MS = 8

/** A recording as a telephone line carries it. */
function telephoned(law: 'pcmu' | 'pcma', file: string, leadMs: number): Uint8Array {
  const resampler = createResampler({ inputRate: 24_000, outputRate: 8_000 })
  return encodeG711(law, floatToPcm16(resampler.process(pcm16ToFloat(recording(file, { leadMs })))))
}

/** In frames of 20 ms, as telephone bridges send them. */
async function speakBytes(client: ContractClient, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 160) {
    client.send({ type: 'input_audio_buffer.append', audio: Buffer.from(bytes.subarray(at, at + 160)).toString('base64') })
    if (at % 8000 === 0) await new Promise(resolve => setImmediate(resolve))
  }
}

const bytesOf = (client: ContractClient) => Buffer.concat(ofType(client, 'response.output_audio.delta').map(({ delta }) => Buffer.from(String(delta), 'base64')))

/** G.711: 8 kHz, one byte a sample. */
export function telephoneContract({ open, capabilities }: Scene): void {
  const { short } = capabilities.prompts

  it.each(laws)('hears a turn in %s, and counts its offsets in bytes of it', async (type, law) => {
    const client = await open()
    client.send(updated({ audio: { input: { format: { type } } } }))
    expect((await client.next('session.updated')).session.audio.input.format).toEqual({ type })
    const bytes = telephoned(law, 'go-forward.wav', 1000)
    await speakBytes(client, bytes)
    const started = await client.next('input_audio_buffer.speech_started')
    const stopped = await client.next('input_audio_buffer.speech_stopped')
    expect(started.audio_start_ms).toBeGreaterThan(600)
    expect(started.audio_start_ms).toBeLessThan(1600)
    expect(stopped.audio_end_ms).toBeGreaterThan(started.audio_start_ms + 1000)
    expect(stopped.audio_end_ms).toBeLessThanOrEqual(bytes.length / BYTES_PER_MS)
    expect((await client.next('response.done', 15_000)).response.status).toBe('completed')
  })

  it.each(laws)('commits 100 ms of %s by hand, and no less', async type => {
    const client = await open()
    client.send(updated({ audio: { input: { format: { type }, turn_detection: null } } }))
    await speakBytes(client, new Uint8Array(99 * BYTES_PER_MS).fill(0xFF))
    client.send({ type: 'input_audio_buffer.commit' })
    expect((await client.next('error')).error.message).toContain('buffer only has 99.00ms of audio')
    await speakBytes(client, new Uint8Array(BYTES_PER_MS).fill(0xFF))
    client.send({ type: 'input_audio_buffer.commit' })
    await client.next('input_audio_buffer.committed')
  })

  it.each(laws)('speaks %s, and cuts it where its bytes say', async (type, law) => {
    const client = await open()
    client.send(updated({ audio: { output: { format: { type } } } }))
    const { response } = await ask(client, short)
    expect(response.audio.output.format).toEqual({ type })
    const bytes = bytesOf(client)
    const loudest = decodeG711(law, bytes.subarray(0, 8000)).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
    expect(loudest).toBeGreaterThan(500)
    const receivedMs = Math.floor(bytes.length / BYTES_PER_MS)
    client.send({ type: 'conversation.item.truncate', item_id: response.output[0].id, content_index: 0, audio_end_ms: receivedMs })
    expect((await client.next('conversation.item.truncated')).audio_end_ms).toBe(receivedMs)
    expect(ofType(client, 'error')).toEqual([])
  })

  it('speaks one response in another format than the session', async () => {
    const client = await open()
    const { response } = await ask(client, short, { audio: { output: { format: { type: 'audio/pcmu' } } } })
    expect(response.audio.output.format).toEqual({ type: 'audio/pcmu' })
    const telephoneBytes = bytesOf(client).length
    const before = client.events.length
    await ask(client, short)
    const plainBytes = client.events.slice(before).filter(event => event.type === 'response.output_audio.delta').reduce((sum, { delta }) => sum + Buffer.from(delta, 'base64').length, 0)
    expect(plainBytes / telephoneBytes).toBeCloseTo(6, 1)
  })

  it('takes an item\'s audio in the session\'s format', async () => {
    const client = await open()
    client.send(updated({ audio: { input: { format: { type: 'audio/pcmu' } } } }))
    const audio = Buffer.alloc(1601, 0xFF).toString('base64')
    client.send({ type: 'conversation.item.create', item: { id: 'item_call', type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] } })
    await client.next('conversation.item.done')
    client.send({ type: 'conversation.item.retrieve', item_id: 'item_call' })
    const { item } = await client.next('conversation.item.retrieved')
    expect(item.content[0]).toMatchObject({ type: 'input_audio', format: 'pcm16' })
    expect(Buffer.from(item.content[0].audio, 'base64').length).toBe(1601 * 6)
  })
}
