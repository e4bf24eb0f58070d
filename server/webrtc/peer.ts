import { randomBytes } from 'node:crypto'
import { Decoder } from '@evan/opus'
import { isIPv6 } from 'node:net'
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket, type RTCDataChannel } from 'werift'
import { createDatagramGuard, type DatagramGuard } from './datagram-guard.ts'
import { withCandidates } from './host-addresses.ts'
import type { MediaEnd, Refusal } from './media-messages.ts'
import { createMicrophoneTrack } from './microphone-track.ts'
import type { Offer } from './offer.ts'
import { createVoiceSender, type VoiceSender } from './voice-sender.ts'

const CHANNEL = 'oai-events'
const CONNECT_WITHIN_MS = 10_000
/** Browsers prove themselves every 2 to 5 s; one that is gone says no goodbye. */
const SILENT_AFTER_MS = 15_000
/** Events that the data channel holds; what waits in the server is bounded by whoever sends (`unreadBytes`). */
const MAX_BUFFERED_BYTES = 256 * 1024
/** Of messages that never end. More ⇒ the peer goes. */
const MAX_REASSEMBLY_BYTES = 1024 * 1024

export interface PeerPort {
  connected(): void
  event(text: string | undefined): void
  taken(bytes: number): void
  channelClosed(): void
  heard(samples: Int16Array): void
  sent(generation: number, samples: number): void
  /** Once, and nothing after it. */
  gone(end: MediaEnd): void
}

export interface PeerOptions {
  offer: Offer
  /** Where the browser may find it, best first. */
  addresses: readonly string[]
  ports: { from: number, to: number } | undefined
  nowMs(): number
  port: PeerPort
}

/** One call's media: an ICE-lite agent with one audio track each way and the channel for events. */
export interface Peer extends Pick<VoiceSender, 'push' | 'clear'> {
  /** To be called for each frame of 20 ms. */
  tick(frameIndex: number): void
  sendEvent(text: string): void
  closeChannel(): void
  close(): Promise<void>
}

export type OpenedPeer = { ok: true, sdp: string, peer: Peer } | { ok: false, why: Refusal, detail: string }

const opus = (payloadType: number) => new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType, parameters: 'minptime=10;useinbandfec=1' })

/** Answers an offer. Never rejects. */
export async function openPeer(options: PeerOptions): Promise<OpenedPeer> {
  const { offer, addresses, ports } = options
  const connection = new RTCPeerConnection({
    codecs: { audio: [opus(offer.payloadType)], video: [] },
    // Only browsers begin: nothing is sent to an address that an offer names.
    iceLite: true,
    iceServers: [],
    // One socket for each family, bound to all addresses; `withCandidates` names them.
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1', ...(addresses.some(isIPv6) ? ['::1'] : [])],
    icePortRange: ports && [ports.from, ports.to],
    // The library's own has 88 bits; RFC 8445 5.3 asks for 128.
    icePasswordPrefix: randomBytes(18).toString('base64').slice(0, 22),
    maxMessageSize: MAX_BUFFERED_BYTES,
  })
  try {
    const voice = new MediaStreamTrack({ kind: 'audio' })
    connection.addTransceiver(voice, { direction: 'sendrecv' })
    const peer = createPeer(connection, voice, options)
    await connection.setRemoteDescription({ type: 'offer', sdp: offer.sdp })
    await connection.setLocalDescription(await connection.createAnswer())
    const sdp = withCandidates(connection.localDescription?.sdp ?? '', addresses)
    if (!sdp.includes('a=candidate:')) {
      await connection.close()
      return { ok: false, why: 'no_udp', detail: 'No UDP port could be opened.' }
    }
    peer.ready()
    return { ok: true, sdp, peer }
  } catch (error) {
    await connection.close().catch(() => undefined)
    return { ok: false, why: 'offer', detail: error instanceof Error ? error.message : 'unknown reason' }
  }
}

function createPeer(
  connection: RTCPeerConnection, voice: MediaStreamTrack, { offer, port, nowMs }: PeerOptions,
): Peer & { /** Its sockets are open. */ ready(): void } {
  const openedAtMs = nowMs()
  const sender = createVoiceSender(Math.random)
  const decoder = new Decoder({ channels: 1, sample_rate: 24_000 })
  const microphone = createMicrophoneTrack({
    decode(payload) {
      const bytes = decoder.decode(payload)
      return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    },
    onSamples: port.heard,
  })
  const maxMessageBytes = Math.min(offer.channel?.maxMessageBytes ?? 0, MAX_BUFFERED_BYTES)
  let guard: DatagramGuard | undefined
  let channel: RTCDataChannel | undefined
  /** Events that wait for the channel, or for room in it; whoever sends them sees that they aren't taken. */
  let waiting: { text: string, bytes: number }[] = []
  let connected = false
  let gone = false

  function leave(end: MediaEnd) {
    if (gone) return
    gone = true
    waiting = []
    void closeKindly(connection)
    port.gone(end)
  }

  function sendWaiting() {
    while (channel?.readyState === 'open' && waiting.length > 0 && channel.bufferedAmount < MAX_BUFFERED_BYTES) {
      const { text, bytes } = waiting.shift()!
      channel.send(bytes > maxMessageBytes ? tooLarge(bytes, maxMessageBytes) : text)
      port.taken(bytes)
    }
  }

  connection.onDataChannel.subscribe(opened => {
    if (channel || opened.label !== CHANNEL) return void opened.close()
    channel = opened
    opened.onMessage.subscribe(message => { if (!gone) port.event(typeof message === 'string' ? message : undefined) })
    opened.stateChanged.subscribe(state => {
      if (state === 'open') sendWaiting()
      else if (state === 'closed' && !gone) port.channelClosed()
    })
    sendWaiting()
  })
  connection.onTrack.subscribe(track => track.onReceiveRtp.subscribe(({ header, payload }) => {
    if (gone || header.payloadType !== offer.payloadType) return
    microphone.push({ sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, payload }, nowMs())
  }))
  connection.connectionStateChange.subscribe(state => {
    if (state === 'connected' && !connected) {
      connected = true
      port.connected()
    } else if (state === 'failed' || state === 'closed') leave(connected ? 'left' : 'never_connected')
  })

  function checkLife() {
    const now = nowMs()
    if (!connected && now - openedAtMs > CONNECT_WITHIN_MS) leave('never_connected')
    else if (connected && now - (guard?.provenAtMs ?? openedAtMs) > SILENT_AFTER_MS) leave('silent')
    else if (unfinishedBytes(connection) > MAX_REASSEMBLY_BYTES) leave('too_much')
  }

  return {
    push: sender.push,
    clear: sender.clear,
    ready() {
      guard = guardSockets(connection, offer.iceUsername, nowMs)
      // The goodbye of browsers (RFC 5246 7.2.1); the connection's own state doesn't follow it.
      connection.dtlsTransports[0]?.onStateChange.subscribe(state => { if (state === 'closed') leave('left') })
    },
    tick(frameIndex) {
      if (gone) return
      if (frameIndex % 10 === 0) checkLife()
      if (!connected || gone) return
      const { payload, ...header } = sender.packet(frameIndex)
      voice.writeRtp(new RtpPacket(new RtpHeader({ payloadType: offer.payloadType, ...header }), Buffer.from(payload)))
      const report = sender.report()
      if (report) port.sent(report.generation, report.samples)
      microphone.tick(nowMs())
      sendWaiting()
    },
    sendEvent(text) {
      waiting.push({ text, bytes: Buffer.byteLength(text) })
      sendWaiting()
    },
    closeChannel: () => channel?.close(),
    async close() {
      if (gone) return
      gone = true
      waiting = []
      await closeKindly(connection)
    },
  }
}

/** The library closes its sockets before it could say goodbye: the end of the channel is told first (RFC 9260 9.1). Never rejects. */
async function closeKindly(connection: RTCPeerConnection): Promise<void> {
  try {
    await connection.sctpTransport?.stop()
    await connection.close()
  } catch {
    // It was never opened, or is half closed: the sockets are what counts.
    await connection.close().catch(() => undefined)
  }
}

/** What the library's types leave out. */
interface IceInside {
  localUsername: string
  localPassword: string
  protocols: { transport: { onData(data: Buffer, address: [string, number]): void } }[]
}

/** Puts the guard between the sockets and the library, which by itself answers whoever asks. */
function guardSockets(connection: RTCPeerConnection, remoteUsername: string, nowMs: () => number): DatagramGuard | undefined {
  const ice = connection.iceTransports[0]?.connection as unknown as IceInside | undefined
  if (!ice) return undefined
  const guard = createDatagramGuard({ username: `${ice.localUsername}:${remoteUsername}`, password: ice.localPassword })
  for (const { transport } of ice.protocols) {
    const pass = transport.onData
    transport.onData = (data, address) => { if (guard.passes(data, address, nowMs())) pass(data, address) }
  }
  return guard
}

/** What the data channel keeps of messages whose end hasn't come. */
function unfinishedBytes(connection: RTCPeerConnection): number {
  const { sctp } = (connection.sctpTransport ?? {}) as { sctp?: { inboundStreams?: Record<number, { reassembly: { userData: Buffer }[] }> } }
  return Object.values(sctp?.inboundStreams ?? {}).flatMap(({ reassembly }) => reassembly).reduce((bytes, { userData }) => bytes + userData.length, 0)
}

const tooLarge = (bytes: number, allowed: number) => JSON.stringify({
  type: 'error', event_id: 'event_too_large',
  error: { type: 'server_error', code: 'event_too_large', message: `An event of ${bytes} bytes doesn't fit into this data channel, which takes ${allowed}. Read it on a WebSocket of the same call.`, param: null, event_id: null },
})
