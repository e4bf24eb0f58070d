import { afterEach, describe, expect, it } from 'vitest'
import { StageError } from '@kaiwa/engine'
import { waveFile } from '../../../../../server/engine/stt/wave-file.ts'
import { createSpeechServerSynthesizer, type SpeechServerSynthesizerOptions } from '../../../../../server/engine/tts/speech-server-synthesizer.ts'
import { serve, type Answer, type LoopbackServer } from '../loopback-server.ts'

const KEY = 'sk-canary-9310'
const tone = Float32Array.from({ length: 4_800 }, (_, index) => Math.round(9_000 * Math.sin(index / 8)) / 32_768 + 0)
const pcm = Buffer.from(Int16Array.from(tone, sample => sample * 32_768).buffer)

let server: LoopbackServer | undefined
afterEach(async () => { await server?.close(); server = undefined })

interface Saying extends Partial<SpeechServerSynthesizerOptions> { text?: string, speed?: number, signal?: AbortSignal, onPiece?: () => void }

async function say(answer: Answer, { text = 'Hello there.', speed = 1, signal = new AbortController().signal, onPiece, ...options }: Saying = {}): Promise<number[]> {
  await server?.close()
  server = await serve(answer)
  const synthesizer = createSpeechServerSynthesizer({ server: { url: server.url, model: 'tts-1', key: KEY }, ...options })
  const samples: number[] = []
  for await (const piece of synthesizer.synthesize({ text, voice: 'marin', speed, signal })) {
    samples.push(...piece)
    onPiece?.()
  }
  return samples
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(StageError)
  const fault = error as StageError
  expect(fault.stage).toBe('tts')
  expect(`${fault.message} ${fault.stack} ${String(fault.cause)}`).not.toContain(KEY)
  return fault.message
}

const pause = () => new Promise(resolve => { setImmediate(resolve) })

describe('a speech server that answers', () => {
  it('is asked for PCM with model, voice and text, and heard', async () => {
    let seen: { path?: string, authorization?: string, body: unknown } | undefined
    const answer: Answer = (response, { request, body }) => {
      seen = { path: request.url, authorization: request.headers.authorization, body: JSON.parse(String(body)) }
      response.setHeader('content-type', 'audio/pcm').end(pcm)
    }
    expect(await say(answer)).toEqual([...tone])
    expect(seen).toEqual({ path: '/v1/audio/speech', authorization: `Bearer ${KEY}`, body: { model: 'tts-1', input: 'Hello there.', voice: 'marin', response_format: 'pcm' } })
    await say(answer, { voice: 'af_heart', speed: 1.25 })
    expect(seen!.body).toMatchObject({ voice: 'af_heart', speed: 1.25 })
  })

  it('is heard while it still speaks, with its bytes cut anywhere', async () => {
    let heardAt: number | undefined
    let sent = 0
    const samples = await say(async response => {
      for (sent = 0; sent < pcm.length; sent += 977) {
        response.write(pcm.subarray(sent, sent + 977))
        await pause()
      }
      // The end comes only after the first sound was heard.
      while (heardAt === undefined) await pause()
      response.end()
    }, { onPiece: () => { heardAt ??= sent } })
    expect(samples).toEqual([...tone])
  })

  it('may send a WAV file at another rate, which becomes 24 kHz', async () => {
    const low = Float32Array.from({ length: 8_000 }, (_, index) => 0.4 * Math.sin(2 * Math.PI * 440 * index / 16_000))
    const wave = waveFile([low], 16_000)
    const samples = await say(async response => {
      for (let at = 0; at < wave.length; at += 501) {
        response.write(wave.subarray(at, at + 501))
        await pause()
      }
      response.end()
    })
    expect(samples.length).toBeGreaterThan(11_900)
    expect(samples.length).toBeLessThan(12_100)
    const middle = samples.slice(3_000, 9_000)
    const crossings = middle.filter((sample, index) => index > 0 && (sample >= 0) !== (middle[index - 1]! >= 0)).length
    expect(crossings).toBe(220)
  })

  it('isn\'t asked for what can\'t be spoken', async () => {
    expect(await say(response => { response.end(pcm) }, { text: ' … ' })).toEqual([])
  })

  it('is left in peace after an abort, and nothing more is heard', async () => {
    const abort = new AbortController()
    let closed: Promise<void> | undefined
    const samples = await say(response => {
      closed = new Promise(resolve => { response.on('close', resolve) })
      response.write(pcm)
    }, { signal: abort.signal, onPiece: () => abort.abort() })
    expect(samples.length).toBeGreaterThan(0)
    expect(samples.length).toBeLessThanOrEqual(tone.length)
    await closed
    expect(await say(response => { response.end(pcm) }, { signal: abort.signal })).toEqual([])
  })

  it('is left in peace when the listener goes', async () => {
    let closed: Promise<void> | undefined
    server = await serve(response => {
      closed = new Promise(resolve => { response.on('close', resolve) })
      response.write(pcm)
    })
    const synthesizer = createSpeechServerSynthesizer({ server: { url: server.url, model: 'tts-1', key: undefined } })
    for await (const piece of synthesizer.synthesize({ text: 'Hello.', voice: 'marin', speed: 1, signal: new AbortController().signal })) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    await closed
  })
})

describe('a speech server that fails', () => {
  it.each([
    [401, 'refused the key (HTTP 401). Check KAIWA_TTS_KEY.'],
    [404, 'has no model "tts-1", or offers no /audio/speech (HTTP 404). Check KAIWA_TTS_MODEL and KAIWA_TTS_URL.'],
    [429, 'takes no more requests now (HTTP 429). Wait, or check its quota.'],
    [500, 'failed (HTTP 500). See the log of that server.'],
    [422, 'refused the request (HTTP 422). Check KAIWA_TTS_MODEL, KAIWA_TTS_VOICE and KAIWA_TTS_URL.'],
  ])('with %i is told in one sentence', async (status, sentence) => {
    const message = await faultOf(say(response => { response.writeHead(status).end(`{"error":{"message":"Incorrect API key provided: ${KEY}"}}`) }))
    expect(message).toBe(`The speech server at ${server!.url.origin} ${sentence}`)
  })

  it('by a stall before or within its answer is given up', async () => {
    expect(await faultOf(say(() => {}, { timeoutMs: { connect: 100 } }))).toMatch(/sent nothing for 0\.1 s/)
    let heard = 0
    expect(await faultOf(say(response => { response.write(pcm) }, { timeoutMs: { betweenPieces: 100 }, onPiece: () => heard++ }))).toMatch(/sent nothing for 0\.1 s/)
    expect(heard).toBeGreaterThan(0)
  })

  it.each([['application/json', '{"error":"no voice"}'], ['audio/mpeg', 'ID3'], ['text/html', '<html>'], ['audio/wav', 'RIFF0000AVI LIST']])('by answering with %s that is no sound is told so', async (type, body) => {
    expect(await faultOf(say(response => { response.setHeader('content-type', type).end(body) }))).toMatch(/no 16-bit PCM/)
  })

  it('by an empty answer is told so', async () => {
    expect(await faultOf(say(response => { response.end() }))).toMatch(/answered without a sound\. Check KAIWA_TTS_MODEL and KAIWA_TTS_VOICE\.$/)
  })

  it('by sound without end is given up, and the request ended', async () => {
    let closed: Promise<void> | undefined
    const message = await faultOf(say(response => {
      closed = new Promise(resolve => { response.on('close', resolve) })
      const pour = () => { while (!response.destroyed && response.write(Buffer.alloc(48_000))); }
      response.on('drain', pour).on('error', () => {})
      pour()
    }, { maxSeconds: 5 }))
    expect(message).toMatch(/sent more than 5 s of sound for one clause/)
    await closed
  })

  it('by breaking off in the middle is told apart from not being there', async () => {
    expect(await faultOf(say(async response => {
      response.write(pcm)
      await pause()
      response.socket?.destroy()
    }))).toMatch(/broke off the connection/)
    const synthesizer = createSpeechServerSynthesizer({ server: { url: new URL('http://127.0.0.1:1'), model: 'm', key: KEY } })
    const pieces = synthesizer.synthesize({ text: 'Hello.', voice: 'marin', speed: 1, signal: new AbortController().signal })[Symbol.asyncIterator]()
    expect(await faultOf(pieces.next() as Promise<unknown>)).toMatch(/is unreachable.*Check KAIWA_TTS_URL and that the server runs\.$/)
  })
})
