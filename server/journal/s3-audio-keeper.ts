import type { Readable } from 'node:stream'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AudioS3Settings } from '../config/journal-settings.ts'
import type { Log } from '../log.ts'
import type { AudioFolder } from './audio-folder.ts'
import { AudioError, conversationOfKey, isAudioKey, type AudioKeeper, type AudioRange } from './audio-keeper.ts'
import type { DrainClock } from './drain.ts'

/** One part of a multipart upload: the least that S3 takes. */
const PART_BYTES = 5 * 1024 * 1024
const REQUEST_MS = 30_000
const RETRY_MS = 60_000
const MOST_AT_ONCE = 1000

export interface S3AudioKeeperOptions { folder: AudioFolder, settings: AudioS3Settings, log: Log, clock: DrainClock }

/** The SDK is large: loaded when the first voice is moved. */
async function connect({ region, endpoint, bucket }: AudioS3Settings) {
  const [{ S3Client, GetObjectCommand, DeleteObjectsCommand, ListObjectsV2Command }, { Upload }] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')])
  const client = new S3Client({
    region,
    // Services of others are reached by path: a bucket has no name of its own there.
    ...(endpoint && { endpoint: endpoint.href, forcePathStyle: true }),
    requestHandler: { requestTimeout: REQUEST_MS, connectionTimeout: REQUEST_MS / 3 },
  })
  return {
    put: (key: string, body: Readable) => new Upload({ client, partSize: PART_BYTES, queueSize: 1, params: { Bucket: bucket, Key: key, Body: body, ContentType: 'application/octet-stream' } }).done(),
    async get(key: string, range?: AudioRange): Promise<Readable> {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...(range && { Range: `bytes=${range.fromByte}-${range.toByte}` }) }))
      return Body as Readable
    },
    async removeAll(prefix: string) {
      for (;;) {
        const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: MOST_AT_ONCE }))
        const keys = Contents.flatMap(({ Key }) => Key ? { Key } : [])
        if (keys.length === 0) return
        await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys, Quiet: true } }))
        if (!IsTruncated) return
      }
    },
    close: () => client.destroy(),
  }
}

/**
 * Voices in a bucket. A call is recorded into the folder, and moved when it is over; what can't be moved stays in the folder, is read
 * from there, and is tried again, after a restart too. So an upload that fails loses nothing.
 */
export function createS3AudioKeeper({ folder, settings, log, clock }: S3AudioKeeperOptions): AudioKeeper {
  let connected: ReturnType<typeof connect> | undefined
  const s3 = () => connected ??= connect(settings)
  let moving: Promise<void> = Promise.resolve()
  let cancelRetry = () => {}
  let closed = false
  /** Of these nothing may be moved any more. */
  const forgotten = new Set<string>()

  async function move(keys: readonly string[]) {
    for (const key of keys) {
      if (closed || forgotten.has(conversationOfKey(key)) || await folder.bytesOf(key) === undefined) continue
      try {
        await (await s3()).put(key, createReadStream(folder.pathOf(key)))
        await rm(folder.pathOf(key), { force: true })
      } catch (error) {
        log.warn({ why: nameOf(error) }, 'a recording can\'t be moved to its bucket; it stays here and is tried again')
        return retryLater()
      }
    }
  }

  function retryLater() {
    cancelRetry()
    if (!closed) cancelRetry = clock.setTimer(() => moveAll(() => true), RETRY_MS)
  }

  function moveAll(wanted: (key: string) => boolean) {
    moving = moving.then(async () => move((await folder.keys()).filter(wanted))).catch(() => retryLater())
  }

  async function forget(conversationId: string) {
    if (forgotten.size >= MOST_AT_ONCE) forgotten.clear()
    forgotten.add(conversationId)
    await moving
    await folder.forget(conversationId)
    await removed(`${conversationId}/`)
  }

  async function removed(prefix: string) {
    try {
      await (await s3()).removeAll(prefix)
    } catch (error) {
      log.error({ why: nameOf(error), prefix }, 'recordings that were to be deleted are still in their bucket')
    }
  }

  return {
    begin: folder.begin,
    settle(conversationId, callId) { moveAll(key => dirname(key) === `${conversationId}/${callId}`) },
    forgetCall: folder.forgetCall,
    forget,
    async read(key, range) {
      if (!isAudioKey(key)) throw new AudioError('missing', 'There is no such recording.')
      if (await folder.bytesOf(key) !== undefined) return folder.read(key, range)
      try {
        return await (await s3()).get(key, range)
      } catch (error) {
        throw nameOf(error) === 'NoSuchKey' ? new AudioError('missing', 'That recording is not there any more.') : new AudioError('unreadable', 'That recording can\'t be read at the moment.')
      }
    },
    async delete(keys) {
      await moving
      await folder.delete(keys)
      for (const key of keys.filter(isAudioKey)) await removed(key)
    },
    async close(withinMs) {
      await folder.close(withinMs)
      closed = true
      cancelRetry()
      if (connected) (await connected.catch(() => undefined))?.close()
    },
    start() {
      folder.start()
      moveAll(() => true)
    },
  }
}

/** Of an error of the SDK: its messages may quote requests. */
const nameOf = (error: unknown) => (error as { name?: unknown, code?: unknown } | undefined)?.name ?? 'unknown'
