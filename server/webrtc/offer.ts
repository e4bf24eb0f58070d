/** An offer of Chrome has 3 kB, with video 8. More than this is no call. */
export const MAX_OFFER_CHARS = 64 * 1024
const MAX_LINES = 1000
/** What the other side takes in one message when it says nothing (RFC 8841 6.1). */
const DEFAULT_MESSAGE_BYTES = 64 * 1024

/** What an SDP offer comes to for a call by voice. */
export interface Offer {
  /** The same offer, written anew with nothing in it but what the call needs: the peer's parser never sees a stranger's text. */
  sdp: string
  iceUsername: string
  /** Opus, in the offer's numbering. */
  payloadType: number
  /** Whether the events have a data channel, and what fits into one message of it. */
  channel: { maxMessageBytes: number } | undefined
}

export type PlainOffer = { ok: true, offer: Offer } | { ok: false, /** A sentence. */ detail: string }

interface Section { kind: string, port: string, formats: string[], lines: readonly string[] }
interface Transport { ufrag: string, pwd: string, fingerprint: string, setup: string }

const refuse = (detail: string): PlainOffer => ({ ok: false, detail })

/**
 * Reads an offer (RFC 8866, 8829): one audio section with Opus, at most one data channel, on one bundled transport. Candidates are left
 * out: the peer answers whoever proves to know the call's password, and never sends first.
 */
export function plainOffer(text: string): PlainOffer {
  if (text.length > MAX_OFFER_CHARS) return refuse(`The offer has ${text.length} characters; ${MAX_OFFER_CHARS} are allowed.`)
  const lines = text.split(/\r?\n/)
  if (lines.length > MAX_LINES) return refuse(`The offer has ${lines.length} lines; ${MAX_LINES} are allowed.`)
  if (lines[0] !== 'v=0') return refuse('The offer is no SDP: it has to begin with `v=0`.')
  const { session, sections } = cut(lines)
  const stranger = sections.find(({ kind }) => kind !== 'audio' && kind !== 'application')
  if (stranger) return refuse(`The offer has a section for ${stranger.kind.slice(0, 20)}; a call takes audio and a data channel.`)
  const [audio, ...moreAudio] = sections.filter(({ kind }) => kind === 'audio')
  if (!audio) return refuse('The offer has no audio; add an audio track or transceiver before making it.')
  if (sections.length > 2 || moreAudio.length > 0) return refuse('The offer has more than one audio section or data channel; a call takes one of each.')
  return write(session, sections, audio)
}

function cut(lines: readonly string[]): { session: readonly string[], sections: Section[] } {
  const starts = lines.flatMap((line, at) => line.startsWith('m=') ? [at] : [])
  const sections = starts.map((start, at) => {
    const [kind = '', port = '', , ...formats] = lines[start]!.slice(2).split(' ')
    return { kind, port, formats, lines: lines.slice(start + 1, starts[at + 1]) }
  })
  return { session: lines.slice(0, starts[0]), sections }
}

/** The first attribute of this name, whole. */
function attribute(lines: readonly string[], name: string, pattern: RegExp): RegExpExecArray | undefined {
  const line = lines.find(each => each.startsWith(`a=${name}:`))
  return line === undefined ? undefined : pattern.exec(line.slice(name.length + 3)) ?? undefined
}

function transportOf(section: Section, session: readonly string[]): Transport | undefined {
  const find = (name: string, pattern: RegExp) => (attribute(section.lines, name, pattern) ?? attribute(session, name, pattern))?.[0]
  const ufrag = find('ice-ufrag', /^[\w+/-]{4,256}$/)
  const pwd = find('ice-pwd', /^[\w+/-]{22,256}$/)
  const fingerprint = find('fingerprint', /^sha-(256|384|512) [\dA-Fa-f]{2}(:[\dA-Fa-f]{2}){31,63}$/)
  const setup = find('setup', /^(actpass|active|passive)$/)
  // The one that offers begins the handshake where it has the choice: browsers repeat what was lost, and keep what comes too early.
  return ufrag && pwd && fingerprint && setup ? { ufrag, pwd, fingerprint, setup: setup === 'actpass' ? 'active' : setup } : undefined
}

function opusOf({ formats, lines }: Section): number | undefined {
  const named = lines.flatMap(line => /^a=rtpmap:(\d{1,3}) opus\/48000\/2$/i.exec(line)?.[1] ?? []).find(type => formats.includes(type))
  const payloadType = Number(named)
  return payloadType >= 96 && payloadType <= 127 ? payloadType : undefined
}

function write(session: readonly string[], sections: readonly Section[], audio: Section): PlainOffer {
  const transport = transportOf(audio, session)
  if (!transport) return refuse('The offer lacks what a secure connection needs: ice-ufrag, ice-pwd, a SHA-2 fingerprint and setup.')
  if (session.includes('a=ice-lite')) return refuse('The offer comes from an ICE-lite agent, and so would the answer: neither would begin.')
  if (!audio.lines.includes('a=rtcp-mux')) return refuse('The offer has no `a=rtcp-mux`: RTP and RTCP have to share a port.')
  const payloadType = opusOf(audio)
  if (payloadType === undefined) return refuse('The offer’s audio has no Opus (`opus/48000/2`), which is all that a call speaks.')
  const mids = sections.map(({ lines }) => attribute(lines, 'mid', /^[\w.+-]{1,32}$/)?.[0])
  if (mids.includes(undefined) || new Set(mids).size < mids.length) return refuse('Each section of the offer needs an `a=mid` of its own.')
  const bundle = attribute(session, 'group', /^BUNDLE (.{1,200})$/)?.[1]?.split(' ') ?? []
  if (mids.length > 1 && !mids.every(mid => bundle.includes(mid!))) return refuse('The offer’s sections aren’t bundled (`a=group:BUNDLE`): audio and data channel have to share a port.')
  const channel = sections.find(({ kind }) => kind === 'application')
  const isChannel = channel?.formats[0] === 'webrtc-datachannel' && attribute(channel.lines, 'sctp-port', /^\d{1,5}$/)
  if (channel && !isChannel) return refuse('The offer’s data channel isn’t SCTP over DTLS.')
  const said = channel && Number(attribute(channel.lines, 'max-message-size', /^\d{1,12}$/)?.[0] ?? DEFAULT_MESSAGE_BYTES)
  const written = sections.map((section, at) =>
    section === audio ? audioSection(audio, mids[at]!, payloadType, transport) : channelSection(section, mids[at]!, transport))
  const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mids.join(' ')}`, 'a=msid-semantic: WMS *']
  return {
    ok: true,
    offer: {
      sdp: [...head, ...written.flat(), ''].join('\r\n'),
      iceUsername: transport.ufrag,
      payloadType,
      // 0: as large as one likes.
      channel: said === undefined ? undefined : { maxMessageBytes: said === 0 ? Infinity : said },
    },
  }
}

const transportLines = ({ ufrag, pwd, fingerprint, setup }: Transport) =>
  ['c=IN IP4 0.0.0.0', `a=ice-ufrag:${ufrag}`, `a=ice-pwd:${pwd}`, `a=fingerprint:${fingerprint}`, `a=setup:${setup}`]

function audioSection({ lines }: Section, mid: string, payloadType: number, transport: Transport): string[] {
  const direction = ['sendonly', 'recvonly', 'inactive'].find(each => lines.includes(`a=${each}`)) ?? 'sendrecv'
  const source = attribute(lines, 'ssrc', /^(\d{1,10}) cname:([\w{}+/=.@-]{1,256})/)
  const isSource = source && Number(source[1]) <= 0xFFFFFFFF
  return [
    `m=audio 9 UDP/TLS/RTP/SAVPF ${payloadType}`, ...transportLines(transport), `a=mid:${mid}`, `a=${direction}`, 'a=rtcp-mux',
    `a=rtpmap:${payloadType} opus/48000/2`, `a=fmtp:${payloadType} minptime=10;useinbandfec=1`, ...(isSource ? [`a=ssrc:${source[1]} cname:${source[2]}`] : []),
  ]
}

function channelSection({ lines }: Section, mid: string, transport: Transport): string[] {
  const port = attribute(lines, 'sctp-port', /^\d{1,5}$/)![0]
  return ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', ...transportLines(transport), `a=mid:${mid}`, `a=sctp-port:${port}`, 'a=max-message-size:262144']
}
