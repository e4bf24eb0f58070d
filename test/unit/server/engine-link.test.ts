import type { Engine, SessionPort } from '@kaiwa/engine'
import { describe, expect, it } from 'vitest'
import { engineLink, MAX_HELD_BYTES } from '../../../server/engine/link.ts'
import type { LinkListener } from '../../../server/relay/link.ts'

function scene() {
  let port: SessionPort | undefined
  const received: string[] = []
  const said: string[] = []
  const closes: [number, string][] = []
  let ended = 0
  const engine: Engine = {
    openSession(given) {
      port = given
      given.send('created')
      return { receive: text => received.push(text), receiveBinary() {}, hear() {}, sent() {}, close() { ended++ } }
    },
  }
  const link = engineLink(engine, { model: 'm' })
  const listener: LinkListener = {
    message: text => said.push(text.toString()),
    binary() {},
    socketDrained() {},
    closed: (code, reason) => closes.push([code, reason]),
  }
  const listen = () => link.listen(listener)
  return { link, listen, port: port!, received, said, closes, get ended() { return ended } }
}

describe('the engine as an upstream', () => {
  it('keeps what it says until someone listens', () => {
    const { listen, said, port } = scene()
    port.send('second')
    expect(said).toEqual([])
    listen()
    expect(said).toEqual(['created', 'second'])
  })

  it('hears bytes as text', () => {
    const { link, received } = scene()
    link.send(Buffer.from('会話'))
    expect(received).toEqual(['会話'])
  })

  it('holds its answers while nobody reads, and gives them in order', () => {
    const { link, listen, said, port } = scene()
    listen()
    link.pause()
    port.send('a')
    port.send('b')
    expect(said).toEqual(['created'])
    link.resume()
    expect(said).toEqual(['created', 'a', 'b'])
  })

  it('holds no more than its bound', () => {
    const { link, listen, closes, port } = scene()
    listen()
    link.pause()
    for (let n = 0; n < 6; n++) port.send('x'.repeat(MAX_HELD_BYTES / 5))
    expect(closes).toEqual([[4008, 'invalid_request_error.client_too_slow']])
  })

  it('ends once, and stops the engine\'s work', () => {
    const all = scene()
    all.listen()
    all.port.close(1001, 'expired')
    all.link.close(1000, '')
    all.link.send('late')
    all.port.send('late')
    expect(all.closes).toEqual([[1001, 'expired']])
    expect(all.ended).toBe(1)
    expect(all.received).toEqual([])
    expect(all.said).toEqual(['created'])
  })
})
