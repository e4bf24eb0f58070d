import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** What becomes of datagrams, each way. */
export interface Weather {
  /** 0 to 1. */
  loss?: number
  /** Each is late by up to so many ms, so that some overtake others. */
  jitterMs?: number
}

/** A bad network between a browser and a server, on loopback: the server's answer is made to lead here. */
export interface UdpProxy {
  /** The answer with one candidate, which is this. @throws when it has none over UDP */
  lead(answer: string): string
  /** Nothing passes any more. */
  block(): void
  /** Datagrams that were to pass, and those that were lost of them. */
  readonly counts: { seen: number, lost: number }
  close(): void
}

const CANDIDATE = /^a=candidate:\S+ 1 udp \d+ (127\.0\.0\.1|\d+\.\d+\.\d+\.\d+) (\d+) typ host.*$/gim

export async function startUdpProxy(weather: Weather = {}, random: () => number = seeded(7)): Promise<UdpProxy> {
  const front = createSocket('udp4').bind(0, '127.0.0.1')
  await once(front, 'listening')
  /** One towards the server for each of the browser's ports. */
  const backs = new Map<string, Socket>()
  const timers = new Set<NodeJS.Timeout>()
  const counts = { seen: 0, lost: 0 }
  let target: { address: string, port: number } | undefined
  let blocked = false

  function pass(deliver: () => void) {
    counts.seen++
    if (blocked || random() < (weather.loss ?? 0)) {
      counts.lost++
      return
    }
    const timer = setTimeout(() => {
      timers.delete(timer)
      deliver()
    }, random() * (weather.jitterMs ?? 0))
    timers.add(timer)
  }
  function backOf(from: RemoteInfo): Socket {
    const key = `${from.address}:${from.port}`
    const known = backs.get(key)
    if (known) return known
    const back = createSocket('udp4')
    back.on('message', data => pass(() => front.send(data, from.port, from.address, () => undefined)))
    back.on('error', () => undefined)
    backs.set(key, back)
    return back
  }
  front.on('message', (data, from) => pass(() => { if (target) backOf(from).send(data, target.port, target.address, () => undefined) }))

  return {
    lead(answer) {
      const [candidate] = answer.matchAll(CANDIDATE)
      if (!candidate) throw new Error(`no candidate over UDP in:\n${answer}`)
      target = { address: candidate[1]!, port: Number(candidate[2]) }
      const ours = `a=candidate:1 1 udp 2130706431 127.0.0.1 ${front.address().port} typ host`
      let led = false
      return answer.split('\r\n').flatMap(line => {
        if (!line.startsWith('a=candidate:')) return [line]
        if (led) return []
        led = true
        return [ours]
      }).join('\r\n')
    },
    block() { blocked = true },
    counts,
    close() {
      for (const timer of timers) clearTimeout(timer)
      front.close()
      for (const back of backs.values()) back.close()
    },
  }
}

/** The same weather each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
