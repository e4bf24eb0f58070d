import { afterEach, describe, expect, it } from 'vitest'
import { StageError } from '@kaiwa/engine'
import { createServerTranscriber, type TranscriptionServerOptions } from '../../../../../server/engine/stt/transcription-server.ts'
import { serve, type Answer, type LoopbackServer } from '../loopback-server.ts'

const KEY = 'sk-canary-4127'
const second = Float32Array.from({ length: 16_000 }, (_, index) => 0.3 * Math.sin(index / 5))
const clock = { setTimer(callback: () => void, delayMs: number) { const timer = setTimeout(callback, delayMs); return () => clearTimeout(timer) } }

let server: LoopbackServer | undefined
afterEach(async () => { await server?.close(); server = undefined })

async function transcriberOn(answer: Answer, options: Partial<TranscriptionServerOptions> = {}) {
  server = await serve(answer)
  return createServerTranscriber({ server: { url: server.url, model: 'whisper-1', key: KEY }, clock, ...options })
}

function hear(transcriber: ReturnType<typeof createServerTranscriber>, samples: Float32Array, words: { language?: string, prompt?: string } = {}) {
  const stream = transcriber.open(words)
  stream.write(samples)
  return stream.finish()
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(StageError)
  const fault = error as StageError
  expect(fault.stage).toBe('stt')
  expect(`${fault.message} ${fault.stack} ${String(fault.cause)}`).not.toContain(KEY)
  return fault.message
}

describe('a transcription server that answers', () => {
  it('gets the turn as a WAV file with model, language and prompt, and its words come back', async () => {
    let seen: { path?: string, authorization?: string, form: FormData } | undefined
    const transcriber = await transcriberOn(async (response, { request, body }) => {
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': request.headers['content-type']! } }).formData()
      seen = { path: request.url, authorization: request.headers.authorization, form }
      response.setHeader('content-type', 'application/json').end('{"text":" Go forward. ","usage":{}}')
    })
    expect(await hear(transcriber, second, { language: 'en-GB', prompt: 'Kaiwa' })).toEqual({ text: 'Go forward.' })
    expect(seen).toMatchObject({ path: '/v1/audio/transcriptions', authorization: `Bearer ${KEY}` })
    expect(Object.fromEntries(['model', 'language', 'prompt', 'response_format'].map(name => [name, seen!.form.get(name)])))
      .toEqual({ model: 'whisper-1', language: 'en', prompt: 'Kaiwa', response_format: 'json' })
    const file = seen!.form.get('file') as File
    expect([file.name, file.type, file.size]).toEqual(['turn.wav', 'audio/wav', 44 + 32_000])
    const view = new DataView(await file.arrayBuffer())
    expect([view.getUint32(24, true), view.getUint16(22, true), view.getUint16(34, true), view.getUint32(40, true)]).toEqual([16_000, 1, 16, 32_000])
    expect(view.getInt16(44 + 200, true)).toBe(Math.round(second[100]! * 32_767))
  })

  it('is understood when its answer comes in pieces cut anywhere', async () => {
    const bytes = Buffer.from('{"text":"会話は楽しい"}')
    const transcriber = await transcriberOn(async response => {
      for (let at = 0; at < bytes.length; at++) {
        response.write(bytes.subarray(at, at + 1))
        await new Promise(resolve => { setImmediate(resolve) })
      }
      response.end()
    })
    expect(await hear(transcriber, second)).toEqual({ text: '会話は楽しい' })
  })

  it('hears a long turn in segments, whose words are told while the turn goes on', async () => {
    let uploads = 0
    const sizes: number[] = []
    const transcriber = await transcriberOn((response, { body }) => { sizes.push(body.length); response.end(JSON.stringify({ text: `part ${++uploads}` })) })
    const stream = transcriber.open({})
    const partial = new Promise<string>(resolve => { stream.onPartial(resolve) })
    for (let i = 0; i < 50; i++) stream.write(second)
    await partial
    expect(await stream.finish()).toEqual({ text: 'part 1 part 2' })
    // 30 s of PCM16 and the form around it.
    for (const size of sizes) expect(size).toBeLessThan(30 * 32_000 + 2_048)
  })

  it('isn\'t asked for less than a tenth of a second, nor for a turn that was cancelled', async () => {
    let uploads = 0
    const transcriber = await transcriberOn(response => { uploads++; response.end('{"text":"x"}') })
    expect(await hear(transcriber, second.subarray(0, 1_000))).toEqual({ text: '' })
    const stream = transcriber.open({})
    stream.write(second)
    stream.cancel()
    expect(await stream.finish()).toEqual({ text: '' })
    expect(uploads).toBe(0)
  })

  it('is left in peace once a turn is cancelled during its upload', async () => {
    let ended: Promise<void> | undefined
    let asked: () => void = () => {}
    const begun = new Promise<void>(resolve => { asked = resolve })
    const transcriber = await transcriberOn(response => {
      ended = new Promise(resolve => { response.on('close', resolve) })
      asked()
    })
    const stream = transcriber.open({})
    stream.write(second)
    const words = stream.finish()
    await begun
    stream.cancel()
    expect(await words).toEqual({ text: '' })
    await ended
  })

  it('may want no key', async () => {
    let authorization: string | undefined = 'none seen'
    server = await serve((response, { request }) => { authorization = request.headers.authorization; response.end('{"text":"hi"}') })
    await hear(createServerTranscriber({ server: { url: new URL('/v1/', server.url), model: 'm', key: undefined }, clock }), second)
    expect(authorization).toBeUndefined()
  })
})

describe('a transcription server that fails', () => {
  it.each([
    [401, 'refused the key (HTTP 401). Check KAIWA_STT_KEY.'],
    [404, 'has no model "whisper-1", or offers no /audio/transcriptions (HTTP 404). Check KAIWA_STT_MODEL and KAIWA_STT_URL.'],
    [413, 'takes no audio as long as this (HTTP 413). Raise its limit.'],
    [429, 'takes no more requests now (HTTP 429). Wait, or check its quota.'],
    [500, 'failed (HTTP 500). See the log of that server.'],
    [400, 'refused the request (HTTP 400). Check KAIWA_STT_MODEL and KAIWA_STT_URL.'],
  ])('with %i is told in one sentence', async (status, sentence) => {
    const transcriber = await transcriberOn(response => { response.writeHead(status).end(`{"error":{"message":"Incorrect API key provided: ${KEY}"}}`) })
    expect(await faultOf(hear(transcriber, second))).toBe(`The transcription server at ${server!.url.origin} ${sentence}`)
  })

  it('by sending nothing, or no end, is given up', async () => {
    const sentence = /sent nothing for 0\.1 s\. Check that the server runs and has loaded its model\.$/
    expect(await faultOf(hear(await transcriberOn(() => {}, { timeoutMs: 100 }), second))).toMatch(sentence)
    await server!.close()
    expect(await faultOf(hear(await transcriberOn(response => { response.write('{"text":') }, { timeoutMs: 100 }), second))).toMatch(sentence)
  })

  it.each(['<html>hello</html>', '{"words":"none"}', '{"text":7}', '[]', 'null', ''])('by answering %j is told so', async body => {
    expect(await faultOf(hear(await transcriberOn(response => { response.end(body) }), second))).toMatch(/sent something that is no transcription\. Check KAIWA_STT_URL\.$/)
  })

  it('by an answer without end is given up after 64 kB', async () => {
    const transcriber = await transcriberOn(response => {
      const pour = () => { while (!response.destroyed && response.write('{"text":"'.padEnd(16_384, 'a'))); }
      response.on('drain', pour).on('error', () => {})
      pour()
    })
    expect(await faultOf(hear(transcriber, second))).toMatch(/no transcription/)
  })

  it('by breaking off, leading elsewhere or not being there is told apart', async () => {
    expect(await faultOf(hear(await transcriberOn(response => { response.socket?.destroy() }), second))).toMatch(/broke off the connection\. See the log of that server\.$/)
    await server!.close()
    expect(await faultOf(hear(await transcriberOn(response => { response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end() }), second))).toMatch(/is unreachable\. Check KAIWA_STT_URL/)
    const gone = await transcriberOn(() => {})
    await server!.close()
    expect(await faultOf(hear(gone, second))).toMatch(/is unreachable \(ECONNREFUSED\)\. Check KAIWA_STT_URL and that the server runs\.$/)
  })

  it('harms no other turn: past the bound the next is refused, and room comes back', async () => {
    const waiting: (() => void)[] = []
    const transcriber = await transcriberOn(response => { waiting.push(() => response.end('{"text":"one"}')) }, { maxTurns: 1 })
    const first = hear(transcriber, second)
    expect(await faultOf(hear(transcriber, second))).toMatch(/^Too many people speak at once/)
    while (waiting.length === 0) await new Promise(resolve => { setImmediate(resolve) })
    waiting[0]!()
    expect(await first).toEqual({ text: 'one' })
    const again = hear(transcriber, second)
    while (waiting.length === 1) await new Promise(resolve => { setImmediate(resolve) })
    waiting[1]!()
    expect(await again).toEqual({ text: 'one' })
  })
})
