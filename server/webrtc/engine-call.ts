import { networkInterfaces } from 'node:os'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { VoiceTrack } from '@kaiwa/engine'
import type { WebrtcSettings } from '../config/webrtc-settings.ts'
import type { EngineLink } from '../engine/link.ts'
import type { AnswerResult, WebrtcOffer } from '../realtime/brain.ts'
import { describeFault, errorEvent, type RelayFault } from '../relay/fault.ts'
import type { Link, LinkListener } from '../relay/link.ts'
import { channelLink } from './channel-link.ts'
import { hostAddresses } from './host-addresses.ts'
import type { Media, MediaHost, MediaListener } from './media-host.ts'
import type { MediaEnd, Refusal } from './media-messages.ts'
import { plainOffer } from './offer.ts'

/** Answers offers for the embedded engine. */
export interface EngineCalls {
  /** `openSession` is called once the offer is understood; the session speaks into the track. Never rejects. */
  answer(offer: WebrtcOffer, openSession: (voiceTrack: VoiceTrack) => EngineLink, signal: AbortSignal): Promise<AnswerResult>
  close(): Promise<void>
}

const unavailable: Record<Exclude<Refusal, 'offer'>, string> = {
  no_udp: 'No UDP port could be opened for it; KAIWA_WEBRTC_PORTS may be too narrow, or UDP is not allowed on this machine.',
  full: 'As many calls are on as this machine carries over WebRTC.',
  broken: 'The part of the server that speaks it does not answer.',
}

const refusalOf = ({ why, detail }: { why: Refusal, detail: string }): RelayFault => why === 'offer' ? { code: 'offer_refused', why: detail } : { code: 'webrtc_unavailable', why: unavailable[why] }

/** What a client is told when its media ended for a reason that it should know. */
const ends: Partial<Record<MediaEnd, string>> = {
  never_connected: describeFault({ code: 'webrtc_not_connected', seconds: 10 }).message,
  silent: 'The audio connection broke: nothing has come from the browser for 15 s. Start again to go on talking.',
  too_much: 'More arrived over WebRTC than a call has. Connect again with a client that speaks the Realtime API.',
  broken: 'The part of the server that speaks WebRTC failed. Start again, or connect over a WebSocket.',
}
const NAME_WITHIN_MS = 2000

/** WebRTC in front of the embedded engine: a session of it, a peer for its sound, and the channel for events. */
export function createEngineCalls(settings: WebrtcSettings, host: MediaHost): EngineCalls {
  return {
    async answer({ sdp, calledAs }, openSession, signal) {
      const read = plainOffer(sdp)
      if (!read.ok) return { ok: false, fault: { code: 'offer_refused', why: read.detail } }
      const addresses = await namesFound(hostAddresses({ configured: settings.address, calledAs, interfaces: networkInterfaces() }))
      if (addresses.length === 0) return { ok: false, fault: { code: 'webrtc_unavailable', why: 'KAIWA_WEBRTC_ADDRESS could not be found, or this machine has no network.' } }
      const call = engineCall()
      const opened = await host.open({ sdp, addresses, ports: settings.ports }, call.listener, signal)
      if (!opened.ok) return { ok: false, fault: refusalOf(opened) }
      try {
        return call.begin(opened.sdp, opened.media, openSession, read.offer.channel !== undefined)
      } catch (error) {
        opened.media.close()
        return { ok: false, fault: { code: 'engine_failed', detail: error instanceof Error ? error.message : 'unknown reason' } }
      }
    },
    close: () => host.close(),
  }
}

/** Candidates hold addresses: a name that was configured is looked up for each call, because it may move. */
async function namesFound(addresses: readonly string[]): Promise<string[]> {
  const found = await Promise.all(addresses.map(async address => {
    if (isIP(address)) return address
    return Promise.race([lookup(address).then(each => each.address, () => undefined), sleep(NAME_WITHIN_MS, undefined, { ref: false })])
  }))
  return found.filter(address => address !== undefined)
}

/** One call: what comes of the media goes to the session, what the session says goes to the media. */
function engineCall() {
  let session: EngineLink | undefined
  let media: Media | undefined
  /** Of the sideband. */
  let listener: LinkListener | undefined
  let generation = 0
  let over = false
  const channel = channelLink(() => media)

  const listenerOfMedia: MediaListener = {
    connected: () => undefined,
    event: text => channel.came(text),
    taken: bytes => channel.taken(bytes),
    channelClosed: () => channel.ended(),
    heard: samples => session?.hear(samples),
    sent(of, samples) { if (of === generation) session?.sent(samples) },
    gone(end) {
      over = true
      channel.ended()
      const why = ends[end]
      if (why) listener?.message(errorEvent({ type: 'server_error', code: end === 'never_connected' ? 'webrtc_not_connected' : 'media_lost', message: why }, 'media_end'))
      // With the media gone there is nothing to go on with, whatever becomes of sidebands elsewhere.
      session?.close(why ? 4000 : 1000, '')
    },
  }

  const track: VoiceTrack = {
    play: samples => media?.voice(samples, generation),
    clear() { media?.clear(++generation) },
  }

  /** The session as the relay's upstream: with it ends the media, and the other way round. */
  const sideband = (own: EngineLink): Link => ({
    get unreadBytes() { return own.unreadBytes },
    send: text => own.send(text),
    pause: () => own.pause(),
    resume: () => own.resume(),
    close: (code, reason) => own.close(code, reason),
    listen(next) {
      listener = { ...next, message: text => next.message(text), closed(code, reason) {
        media?.close()
        next.closed(code, reason)
      } }
      own.listen(listener)
    },
  })

  return {
    listener: listenerOfMedia,
    begin(sdp: string, opened: Media, openSession: (voiceTrack: VoiceTrack) => EngineLink, hasChannel: boolean): AnswerResult {
      media = opened
      const own = session = openSession(track)
      if (over) own.close(1000, '')
      return {
        ok: true,
        sdp,
        sideband: async () => ({ ok: true, link: sideband(own) }),
        async hangUp() {
          opened.close()
          own.close(1000, '')
          return undefined
        },
        ...(hasChannel && { channel }),
      }
    },
  }
}
