import { Decoder, Encoder } from '@evan/opus'
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from 'werift'
import { createInbox, type ContractClient } from '../contract/contract-client.ts'

const FRAME_SAMPLES = 480
const opus = new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111, parameters: 'minptime=10;useinbandfec=1' })

export interface RtcPeerOptions {
  /** What of its own packets gets out, by number, and when: to lose, delay and swap some. @default all at once */
  line?(index: number, send: () => void): void
  hasChannel?: boolean
}

/** A WebRTC client in Node: a microphone that speaks recordings in real time, an ear that keeps what it decodes, and the channel for events. */
export interface RtcPeer extends Omit<ContractClient, 'sendBinary'> {
  readonly offer: string
  /** Takes the answer and waits until audio can flow. */
  connect(answer: string): Promise<void>
  /** Speaks in real time; resolves when it was said. Silence goes out all the time. */
  say(samples: Int16Array): Promise<void>
  /** All that was decoded so far, PCM16 at 24 kHz. */
  heard(): Int16Array
  /** Arrival of each packet of voice, and its time stamp. */
  readonly arrivals: readonly { atMs: number, timestamp: number }[]
  readonly openChannel: boolean
  /** Goes without a goodbye. */
  vanish(): void
  hangUp(): Promise<void>
}

export async function rtcPeer({ line = (_index, send) => send(), hasChannel = true }: RtcPeerOptions = {}): Promise<RtcPeer> {
  const inbox = createInbox()
  const connection = new RTCPeerConnection({ codecs: { audio: [opus], video: [] }, iceServers: [], iceUseIpv6: false, iceAdditionalHostAddresses: ['127.0.0.1'] })
  const microphone = new MediaStreamTrack({ kind: 'audio' })
  connection.addTransceiver(microphone, { direction: 'sendrecv' })
  const channel = hasChannel ? connection.createDataChannel('oai-events') : undefined
  channel?.onMessage.subscribe(message => inbox.push(String(message)))
  const encoder = new Encoder({ channels: 1, sample_rate: 24_000, application: 'voip' })
  const decoder = new Decoder({ channels: 1, sample_rate: 24_000 })
  const pieces: Int16Array[] = []
  const arrivals: { atMs: number, timestamp: number }[] = []
  connection.onTrack.subscribe(track => track.onReceiveRtp.subscribe(({ header, payload }) => {
    arrivals.push({ atMs: performance.now(), timestamp: header.timestamp })
    const bytes = decoder.decode(payload)
    pieces.push(new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)))
  }))
  await connection.setLocalDescription(await connection.createOffer())

  let saying: { samples: Int16Array, at: number, done: () => void } | undefined
  let timer: NodeJS.Timeout | undefined
  let index = 0
  function sendFrame() {
    const frame = new Int16Array(FRAME_SAMPLES)
    if (saying) {
      frame.set(saying.samples.subarray(saying.at, saying.at + FRAME_SAMPLES))
      saying.at += FRAME_SAMPLES
      if (saying.at >= saying.samples.length) {
        saying.done()
        saying = undefined
      }
    }
    const payload = Buffer.from(encoder.encode(frame))
    const at = index++
    line(at, () => microphone.writeRtp(new RtpPacket(new RtpHeader({ payloadType: 111, sequenceNumber: at & 0xFFFF, timestamp: at * 960 }), payload)))
  }

  function begin() {
    const startedAtMs = performance.now()
    timer = setInterval(() => { while (index * 20 <= performance.now() - startedAtMs) sendFrame() }, 10)
  }

  async function hangUp() {
    clearInterval(timer)
    inbox.end(1000, '')
    await connection.close()
  }

  return {
    ...inbox.client,
    offer: connection.localDescription!.sdp,
    async connect(answer) {
      const ready = new Promise<void>((resolve, reject) => {
        setTimeout(() => reject(new Error(`not connected after 8 s: ${connection.connectionState}, ice ${connection.iceConnectionState}, dtls ${connection.dtlsTransports.map(each => each.state).join()}`)), 8000).unref()
        connection.connectionStateChange.subscribe(state => { if (state === 'connected') resolve() })
      })
      const open = channel && new Promise<void>(resolve => channel.stateChanged.subscribe(state => { if (state === 'open') resolve() }))
      channel?.stateChanged.subscribe(state => { if (state === 'closed') inbox.end(1000, '') })
      await connection.setRemoteDescription({ type: 'answer', sdp: answer })
      await ready
      await open
      begin()
    },
    say: samples => new Promise(done => { saying = { samples, at: 0, done } }),
    send: event => channel?.send(typeof event === 'string' ? event : JSON.stringify(event)),
    heard: () => Int16Array.from(pieces.flatMap(piece => [...piece])),
    arrivals,
    get openChannel() { return channel?.readyState === 'open' },
    vanish() { clearInterval(timer) },
    hangUp,
    close: () => void hangUp(),
  }
}
