import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findSherpaPack } from '../../../../server/engine/stt/sherpa-packs.ts'
import type { CatalogueModel } from '../../../../server/models/catalogue.ts'
import { runModelsCommand } from '../../../../server/models/command.ts'
import { ModelError } from '../../../../server/models/model-error.ts'
import { createModelStore, type ModelStoreOptions } from '../../../../server/models/model-store.ts'

const NAME = 'sherpa-onnx-moonshine-tiny-en-int8'
const model: CatalogueModel = { name: NAME, stage: 'stt', languages: ['en'], aboutMB: 1, licence: 'MIT', note: 'for the test' }
const onnx = new Uint8Array([0x08, 0x08, 0x3a, 0x02, 0x12, 0x00])

let work: string
let archive: Buffer
let sha256: string

/** An archive as the publisher makes them, with some weight that doesn't compress. */
function pack(name: string, files: string[]): Buffer {
  const folder = join(work, 'source', name)
  mkdirSync(folder, { recursive: true })
  for (const file of files) writeFileSync(join(folder, file), file.endsWith('.onnx') ? onnx : 'a 1\n')
  writeFileSync(join(folder, 'weight.txt'), Array.from({ length: 20_000 }, (_, i) => createHash('sha1').update(String(i)).digest('hex')).join('\n'))
  execFileSync('tar', ['-cjf', join(work, 'archive.tar.bz2'), '-C', join(work, 'source'), name])
  rmSync(join(work, 'source'), { recursive: true })
  return readFileSync(join(work, 'archive.tar.bz2'))
}

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'kaiwa-archives-'))
  archive = pack(NAME, ['preprocess.onnx', 'encode.int8.onnx', 'uncached_decode.int8.onnx', 'cached_decode.int8.onnx', 'tokens.txt'])
  sha256 = createHash('sha256').update(archive).digest('hex')
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

let dir: string
let server: Server
let baseUrl: string
/** What was asked, in order: path and range. */
let asked: string[]
let answer: (request: IncomingMessage, response: ServerResponse) => void

beforeEach(async () => {
  dir = join(mkdtempSync(join(tmpdir(), 'kaiwa-store-')), 'models')
  asked = []
  answer = sendArchive()
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ''}`.trim())
    answer(request, response)
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => { server.close(resolve) })
  rmSync(join(dir, '..'), { recursive: true, force: true })
})

interface Sending { /** The connection breaks after so many bytes of an answer. */ cutAfter?: number, etag?: string, bytes?: Buffer }

/** As a file server does: ranges, if the version is still the same. */
function sendArchive({ cutAfter = Infinity, etag = '"one"', bytes }: Sending = {}): typeof answer {
  return (request, response) => {
    const whole = bytes ?? archive
    const from = request.headers['if-range'] === etag ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0
    if (from >= whole.length) return void response.writeHead(416, { 'content-range': `bytes */${whole.length}` }).end()
    const rest = whole.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, etag, ...(from > 0 && { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` }) })
    if (rest.length <= cutAfter) return void response.end(rest)
    // A moment later: what comes together with the break is lost with it.
    response.write(rest.subarray(0, cutAfter), () => setTimeout(() => response.socket?.end(), 40))
  }
}

const store = (options: Partial<ModelStoreOptions> = {}) => createModelStore({ dir, baseUrl, catalogue: [model], retryDelayMs: 1, ...options })

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(ModelError)
  return (error as ModelError).message
}

describe('downloading a model', () => {
  test('puts it into its place, where the engine finds it, and tells how far it is', async () => {
    const progress: [number, number | undefined][] = []
    expect(await store().download(NAME, (...step) => progress.push(step))).toBe('installed')
    expect(asked).toEqual([`/mirror/asr-models/${NAME}.tar.bz2`])
    expect(findSherpaPack(dir)).toMatchObject({ found: true, pack: { kind: 'moonshine', name: NAME } })
    expect(progress[0]).toEqual([0, archive.length])
    expect(progress.at(-1)).toEqual([archive.length, archive.length])
    expect(progress.map(([bytes]) => bytes)).toEqual(progress.map(([bytes]) => bytes).sort((a, b) => a - b))
    expect(readdirSync(dir).sort()).toEqual(['.checksums.json', NAME])
    expect(await store().download(NAME)).toBe('was there')
    expect(asked).toHaveLength(1)
  })

  test('goes on where the connection was cut, as often as it takes', async () => {
    answer = sendArchive({ cutAfter: Math.ceil(archive.length / 4) })
    await store().download(NAME)
    const begins = asked.map(line => Number(/bytes=(\d+)-/.exec(line)?.[1] ?? 0))
    expect(begins.length).toBeGreaterThanOrEqual(4)
    expect(begins).toEqual(begins.toSorted((a, b) => a - b))
    expect(begins.at(-1)).toBeGreaterThanOrEqual(archive.length * 0.7)
    expect(await store().verify(NAME)).toMatch(/is whole/)
  })

  test('goes on in the next run after it was given up', async () => {
    let first = true
    answer = (request, response) => {
      if (first) sendArchive({ cutAfter: 1_000 })(request, response)
      else response.socket?.destroy()
      first = false
    }
    expect(await faultOf(store().download(NAME))).toMatch(/failed 4 times \(.+\)\. Run it again to go on where it stopped\.$/)
    asked = []
    answer = sendArchive()
    await store().download(NAME)
    expect(asked).toEqual([expect.stringMatching(/ bytes=\d+-$/)])
    expect(await store().verify(NAME)).toMatch(/is whole/)
  })

  test('begins anew when the file changed meanwhile', async () => {
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, `.${NAME}.tar.bz2.part`), 'of another version')
    writeFileSync(join(dir, `.${NAME}.tar.bz2.part.version`), '"zero"')
    await store().download(NAME)
    expect(await store().verify(NAME)).toMatch(/is whole/)
  })

  test('asks for nothing when an earlier run had it all', async () => {
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, `.${NAME}.tar.bz2.part`), archive)
    writeFileSync(join(dir, `.${NAME}.tar.bz2.part.version`), '"one"')
    await store().download(NAME)
    expect(asked).toHaveLength(1)
    expect(await store().verify(NAME)).toMatch(/is whole/)
  })

  test('is given up when nobody is there', async () => {
    const gone = store()
    await new Promise(resolve => { server.close(resolve) })
    expect(await faultOf(gone.download(NAME))).toMatch(/failed 4 times \(ECONNREFUSED\)/)
  })

  test('is given up when nothing comes any more', async () => {
    answer = (_request, response) => { response.writeHead(200, { 'content-length': archive.length }).write(archive.subarray(0, 10)) }
    expect(await faultOf(store({ timeoutMs: { betweenPieces: 30 } }).download(NAME))).toMatch(/failed 4 times \(.*nothing came for 0\.03 s/)
  })

  test.each([
    [404, /^There is nothing at http.*\(HTTP 404\)\. Check KAIWA_MODELS_URL/],
    [403, /was refused \(HTTP 403\)/],
    [503, /failed 4 times \(HTTP 503\)/],
  ])('HTTP %i is told', async (status, sentence) => {
    answer = (_request, response) => { response.writeHead(status).end('no') }
    expect(await faultOf(store().download(NAME))).toMatch(sentence)
    expect(asked).toHaveLength(status === 503 ? 4 : 1)
    expect(existsSync(join(dir, NAME))).toBe(false)
  })

  test('with the right checksum passes, with a wrong one leaves nothing behind', async () => {
    const wrong = 'ab'.repeat(32)
    expect(await faultOf(store({ catalogue: [{ ...model, sha256: wrong }] }).download(NAME))).toBe(`The checksum of ${NAME} is wrong: ${sha256} instead of ${wrong}. It was thrown away. Try again, or another mirror.`)
    expect(readdirSync(dir).filter(name => !name.endsWith('.version'))).toEqual([])
    expect(await store({ catalogue: [{ ...model, sha256 }] }).download(NAME)).toBe('installed')
  })

  test('is held against the first one ever after', async () => {
    await store().download(NAME)
    await store().remove(NAME)
    answer = sendArchive({ bytes: pack(NAME, ['preprocess.onnx', 'encode.onnx', 'uncached_decode.onnx', 'cached_decode.onnx', 'tokens.txt']) })
    expect(await faultOf(store().download(NAME))).toMatch(/instead of [0-9a-f]{64} as at its first download\. It was thrown away\. If its publisher renewed it, remove its line from/)
    answer = sendArchive()
    expect(await store().download(NAME)).toBe('installed')
  })

  test('refuses what is no archive, and one without a model', async () => {
    answer = sendArchive({ bytes: Buffer.from('<!doctype html><title>hello</title>') })
    expect(await faultOf(store().download(NAME))).toMatch(/can't be unpacked \(.+\)\. It was thrown away; try again\.$/)
    answer = sendArchive({ bytes: pack(NAME, ['preprocess.onnx', 'tokens.txt']), etag: '"two"' })
    expect(await faultOf(store().download(NAME))).toMatch(/holds no usable model\. In .* is missing/)
    expect(readdirSync(dir).filter(name => !name.startsWith('.'))).toEqual([])
    expect(existsSync(join(dir, '.checksums.json'))).toBe(false)
  })

  test('knows its models, and only them', async () => {
    expect(await faultOf(store().download('sherpa-onnx-nothing'))).toMatch(/There is no model "sherpa-onnx-nothing"; `npm run models list`/)
    expect(await faultOf(store().remove('../models'))).toBe('"../models" is no model\'s name.')
    expect(asked).toEqual([])
  })

  test('says when the folder can\'t be made', async () => {
    writeFileSync(join(dir, '..', 'file'), '')
    expect(await faultOf(store({ dir: join(dir, '..', 'file', 'models') }).download(NAME))).toMatch(/can't be written: ENOTDIR\.$/)
  })
})

describe('checking and removing', () => {
  test('a file that was changed, and one that is missing, are named', async () => {
    await store().download(NAME)
    expect(await store().verify(NAME)).toBe(`${NAME} is whole: 6 files as they were downloaded.`)
    appendFileSync(join(dir, NAME, 'tokens.txt'), 'b 2\n')
    expect(await faultOf(store().verify(NAME))).toBe(`${NAME} is broken: tokens.txt was changed. Remove it and download it again.`)
    rmSync(join(dir, NAME, 'tokens.txt'))
    expect(await faultOf(store().verify(NAME))).toMatch(/tokens\.txt is missing/)
  })

  test('what was put there by hand is listed, can\'t be checked, and can be removed', async () => {
    mkdirSync(join(dir, 'my-own'), { recursive: true })
    expect(await store().list()).toEqual([{ name: NAME, installed: false, known: true, model }, { name: 'my-own', installed: true, known: false }])
    expect(await faultOf(store().verify('my-own'))).toMatch(/nothing is recorded to check it against/)
    await store().remove('my-own')
    expect(await faultOf(store().remove('my-own'))).toBe('my-own is not installed.')
  })
})

describe('the command', () => {
  async function run(...args: string[]) {
    let text = ''
    const code = await runModelsCommand(args, { dir, baseUrl, catalogue: [model], retryDelayMs: 1, overwrites: false, out: piece => { text += piece } })
    return { code, text }
  }

  test('lists, downloads, verifies, removes', async () => {
    expect((await run()).text).toMatch(new RegExp(`^  ${NAME} +1 MB  en +for the test; MIT$`, 'm'))
    expect(await run('download', NAME)).toEqual({ code: 0, text: expect.stringMatching(/MB\n[^]*is installed; restart Kaiwa to use it\.\n$/) })
    expect((await run('list')).text).toMatch(new RegExp(`^\\* ${NAME}`, 'm'))
    expect(await run('verify')).toEqual({ code: 0, text: `${NAME} is whole: 6 files as they were downloaded.\n` })
    writeFileSync(join(dir, NAME, 'tokens.txt'), '')
    expect((await run('verify')).code).toBe(1)
    expect(await run('remove', NAME)).toEqual({ code: 0, text: `${NAME} is removed.\n` })
    expect(await run('verify')).toEqual({ code: 0, text: 'No model is installed.\n' })
  })

  test('says in a sentence what went wrong, and how it is used', async () => {
    expect(await run('download', 'nothing')).toEqual({ code: 1, text: expect.stringMatching(/^There is no model "nothing"/) })
    expect(await run('download')).toEqual({ code: 2, text: expect.stringContaining('npm run models download <name>') })
    expect((await run('install', NAME)).code).toBe(2)
    expect((await run('help')).code).toBe(0)
  })
})
