import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What of S3's protocol the keeper of audio uses, on loopback: objects in memory, reached by path, uploads in parts. */
export interface BucketServer {
  address: string
  readonly objects: ReadonlyMap<string, Buffer>
  /** Parts that came, by upload. */
  readonly parts: number
  /** Until it is told otherwise: every request is answered with this. */
  failWith: number | undefined
  close(): Promise<void>
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const body = Buffer.concat(pieces)
  return request.headers['content-encoding']?.includes('aws-chunked') || String(request.headers['x-amz-content-sha256']).startsWith('STREAMING') ? unchunked(body) : body
}

/** The SDK's own framing: `<length in hex>;…\r\n<bytes>\r\n`. */
function unchunked(body: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < body.length;) {
    const end = body.indexOf('\r\n', at)
    const length = Number.parseInt(body.toString('latin1', at, end), 16)
    if (!length) break
    pieces.push(body.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
  return Buffer.concat(pieces)
}

export async function startBucketServer(bucket: string): Promise<BucketServer> {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Map<number, Buffer>>()
  let parts = 0
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const url = new URL(request.url!, 'http://bucket')
    const [, named, ...rest] = decodeURIComponent(url.pathname).split('/')
    const key = rest.join('/')
    const xml = (status: number, text: string) => response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${text}`)
    const error = (status: number, code: string) => xml(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`)
    if (bucketServer.failWith) return error(bucketServer.failWith, 'AccessDenied')
    if (named !== bucket) return error(404, 'NoSuchBucket')
    const uploadId = url.searchParams.get('uploadId') ?? undefined
    if (request.method === 'POST' && url.searchParams.has('uploads')) {
      uploads.set(`upload-${uploads.size}`, new Map())
      return xml(200, `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${key}</Key><UploadId>upload-${uploads.size - 1}</UploadId></InitiateMultipartUploadResult>`)
    }
    if (request.method === 'PUT' && uploadId) {
      parts++
      uploads.get(uploadId)!.set(Number(url.searchParams.get('partNumber')), body)
      return response.writeHead(200, { etag: '"part"' }).end()
    }
    if (request.method === 'POST' && uploadId) {
      objects.set(key, Buffer.concat([...uploads.get(uploadId)!].sort(([a], [b]) => a - b).map(([, part]) => part)))
      return xml(200, `<CompleteMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${key}</Key><ETag>"whole"</ETag></CompleteMultipartUploadResult>`)
    }
    if (request.method === 'POST' && url.searchParams.has('delete')) {
      for (const [, gone] of body.toString().matchAll(/<Key>([^<]+)<\/Key>/g)) objects.delete(gone!)
      return xml(200, '<DeleteResult></DeleteResult>')
    }
    if (request.method === 'PUT') {
      objects.set(key, body)
      return response.writeHead(200, { etag: '"whole"' }).end()
    }
    if (request.method === 'GET' && key === '') {
      const prefix = url.searchParams.get('prefix') ?? ''
      const found = [...objects.keys()].filter(name => name.startsWith(prefix))
      return xml(200, `<ListBucketResult><Name>${bucket}</Name><IsTruncated>false</IsTruncated>${found.map(name => `<Contents><Key>${name}</Key></Contents>`).join('')}</ListBucketResult>`)
    }
    const object = objects.get(key)
    if (!object) return error(404, 'NoSuchKey')
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const bytes = range ? object.subarray(Number(range[1]), Number(range[2]) + 1) : object
    return response.writeHead(range ? 206 : 200, { 'content-length': bytes.length }).end(bytes)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const bucketServer: BucketServer = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    get parts() { return parts },
    failWith: undefined,
    close: () => new Promise(resolve => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
  }
  return bucketServer
}
