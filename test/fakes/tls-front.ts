import { readFileSync } from 'node:fs'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { createServer } from 'node:tls'

const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/loopback-${name}.pem`, import.meta.url))

/** For a client's `ca`. */
export const loopbackCertificate = pem('cert')

export interface TlsFront { port: number, close(): Promise<void> }

/** Stands before a server on loopback as a TLS-terminating proxy would, for clients that insist on `wss`. */
export async function startTlsFront(target: { port: number }): Promise<TlsFront> {
  const sockets = new Set<Socket>()
  const remember = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer({ key: pem('key'), cert: loopbackCertificate }, outer => {
    const inner = connect(target.port, '127.0.0.1')
    remember(outer)
    remember(inner)
    outer.pipe(inner).pipe(outer)
    outer.on('close', () => inner.destroy())
    inner.on('close', () => outer.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
