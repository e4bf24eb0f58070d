import { setTimerOfPage } from './page-timer.ts'

/** Two peer connections in one page: what goes in as a stream comes out as one that the browser treats as a far speaker's. Nothing leaves the machine. */

export interface LoopEnvironment {
  /** @default RTCPeerConnection, where it exists */
  createPeer?: () => RTCPeerConnection
  /** @returns the way out. @default setTimeout */
  setTimer?: (callback: () => void, delayMs: number) => () => void
}

export interface Loop {
  readonly stream: MediaStream
  /** Time that samples spent in the receiver's jitter buffer since the last look, ms; undefined when none came. */
  bufferedMs(): Promise<number | undefined>
  /** The connection is gone without having been closed; called once. */
  onLost(listener: () => void): void
  close(): void
}

/** Within one page there is nothing to wait for; more than this and something (a policy, an extension) keeps the ends apart. */
const CONNECT_TIMEOUT_MS = 4000
/** Well beyond what speech needs to sound the same. */
const BITS_PER_SECOND = 256_000

/** @throws Error that says why there is no loop (as a rejection) */
export async function connectLoop(stream: MediaStream, environment: LoopEnvironment = {}): Promise<Loop> {
  const { createPeer = peerOfBrowser, setTimer = setTimerOfPage } = environment
  const [near, far] = [createPeer(), createPeer()]
  let lost: (() => void) | undefined
  let closed = false
  function close() {
    if (closed) return
    closed = true
    near.close()
    far.close()
    for (const track of stream.getTracks()) track.stop()
  }
  try {
    const received = await within(join(near, far, stream), CONNECT_TIMEOUT_MS, setTimer)
    near.onconnectionstatechange = () => {
      if (near.connectionState !== 'failed' || closed) return
      close()
      lost?.()
    }
    return { stream: received, bufferedMs: createDelayMeter(far), onLost(listener) { lost = listener }, close }
  } catch (error) {
    close()
    throw error
  }
}

function peerOfBrowser(): RTCPeerConnection {
  if (typeof RTCPeerConnection === 'undefined') throw new Error('This browser has no peer connections.')
  return new RTCPeerConnection({ iceServers: [] })
}

/** Resolves with the far end's stream once both are connected. */
async function join(near: RTCPeerConnection, far: RTCPeerConnection, stream: MediaStream): Promise<MediaStream> {
  near.onicecandidate = ({ candidate }) => { if (candidate) far.addIceCandidate(candidate).catch(() => {}) }
  far.onicecandidate = ({ candidate }) => { if (candidate) near.addIceCandidate(candidate).catch(() => {}) }
  const received = new Promise<MediaStream>(resolve => {
    far.ontrack = ({ track, receiver }) => {
      askForShortBuffer(receiver)
      resolve(new MediaStream([track]))
    }
  })
  for (const track of stream.getTracks()) near.addTrack(track, stream)
  await near.setLocalDescription(await near.createOffer())
  await far.setRemoteDescription(near.localDescription!)
  const answer = await far.createAnswer()
  await far.setLocalDescription(answer)
  // What the sender does is what the other side says it wants.
  await near.setRemoteDescription({ type: 'answer', sdp: withOpusFor(answer.sdp!) })
  await connected(near)
  return await received
}

function connected(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (peer.connectionState === 'connected') resolve()
      if (peer.connectionState === 'failed') reject(new Error('The two ends within the page could not reach each other.'))
    }
    peer.onconnectionstatechange = look
    look()
  })
}

/** Nothing is lost or late within a machine. Names of two ages of one idea (WebRTC Extensions, section 7). */
function askForShortBuffer(receiver: RTCRtpReceiver): void {
  const hints = receiver as { jitterBufferTarget?: number | null, playoutDelayHint?: number }
  if ('jitterBufferTarget' in hints) hints.jitterBufferTarget = 0
  else if ('playoutDelayHint' in hints) hints.playoutDelayHint = 0
}

/**
 * The answer's wishes about Opus (RFC 7587, section 6.1): many bits, sound also where there is silence (its start would be clipped), no
 * redundancy for losses that don't happen. Stereo, although one voice speaks: for one channel Chromium takes Opus' telephone mode, which
 * filters (correlation with what went in 0.78 to 0.93, in stereo 0.95 to 0.998).
 */
export function withOpusFor(sdp: string): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1]
  if (payload === undefined) return sdp
  const wishes = `a=fmtp:${payload} minptime=10;useinbandfec=0;usedtx=0;stereo=1;sprop-stereo=1;maxaveragebitrate=${BITS_PER_SECOND}`
  const lines = sdp.split('\r\n').filter(line => !line.startsWith(`a=fmtp:${payload} `))
  return lines.flatMap(line => line.startsWith(`a=rtpmap:${payload} `) ? [line, wishes] : [line]).join('\r\n')
}

/** WebRTC statistics: `jitterBufferDelay` is the sum over all samples that came out, in seconds. */
function createDelayMeter(far: RTCPeerConnection): () => Promise<number | undefined> {
  let before = { delay: 0, count: 0 }
  return async () => {
    const report = await far.getStats().catch(() => undefined)
    let now = before
    report?.forEach((stats: { type: string, jitterBufferDelay?: number, jitterBufferEmittedCount?: number }) => {
      if (stats.type === 'inbound-rtp') now = { delay: stats.jitterBufferDelay ?? 0, count: stats.jitterBufferEmittedCount ?? 0 }
    })
    const count = now.count - before.count
    const delay = now.delay - before.delay
    before = now
    return count > 0 ? 1000 * delay / count : undefined
  }
}

function within<T>(promise: Promise<T>, delayMs: number, setTimer: NonNullable<LoopEnvironment['setTimer']>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = setTimer(() => reject(new Error(`The two ends within the page did not meet within ${delayMs / 1000} s.`)), delayMs)
    promise.then(resolve, reject).finally(stop)
  })
}
