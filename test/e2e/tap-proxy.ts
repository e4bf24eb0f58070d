import { createServer, request as ask } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

export const TAP_PATH = '/output-tap.js'

const TAP_WORKLET = `
registerProcessor('output-tap', class extends AudioWorkletProcessor {
  process([input]) {
    if (input[0]) this.port.postMessage({ frame: currentFrame, samples: input[0].slice() })
    return true
  }
})`

/**
 * Puts the tap's worklet on the server's own origin, as the page's policy wants it: the browser driver can't answer what worklets
 * ask for. A proxy for the browser, on loopback: one file is its own, all else goes on as it came.
 * `host`: this machine's address as the browser sees it.
 */
export async function startTapProxy(host = '127.0.0.1') {
  const lines = new Set<Socket>()
  const server = createServer((incoming, answer) => {
    const { pathname, host, href } = new URL(incoming.url!)
    if (pathname === TAP_PATH) return void answer.writeHead(200, { 'Content-Type': 'text/javascript' }).end(TAP_WORKLET)
    const port = host.split(':')[1]
    // Every name is this machine's here: a browser with a proxy resolves none itself.
    const onward = ask({ hostname: '127.0.0.1', port, path: href.slice(href.indexOf(host) + host.length), method: incoming.method, headers: incoming.headers }, reply => {
      answer.writeHead(reply.statusCode!, reply.headers)
      reply.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    incoming.pipe(onward)
  })
  // WebSockets.
  server.on('connect', ({ url }, line: Socket, head) => {
    const port = url!.split(':')[1]
    const onward = connect(Number(port), '127.0.0.1', () => {
      line.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.write(head)
      onward.pipe(line).pipe(onward)
    })
    for (const end of [line, onward]) end.on('error', () => { line.destroy(); onward.destroy() })
  })
  server.on('connection', line => {
    lines.add(line)
    line.on('close', () => lines.delete(line))
  })
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  const address = `http://${host}:${(server.address() as AddressInfo).port}`
  return {
    /** What makes Chromium use it, for this machine's addresses too. */
    browserArgs: [`--proxy-server=${address}`, '--proxy-bypass-list=<-loopback>'],
    close() {
      for (const line of lines) line.destroy()
      server.close()
    },
  }
}
