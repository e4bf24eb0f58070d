import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Answer = (response: ServerResponse, asked: { request: IncomingMessage, body: Buffer }) => void | Promise<void>

export interface LoopbackServer { url: URL, close(): Promise<void> }

/** An HTTP server on loopback that answers as told, once it has the whole request. */
export async function serve(answer: Answer): Promise<LoopbackServer> {
  const server: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    await answer(response, { request, body: Buffer.concat(pieces) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    close() {
      server.closeAllConnections()
      return new Promise(resolve => { server.close(() => resolve()) })
    },
  }
}
