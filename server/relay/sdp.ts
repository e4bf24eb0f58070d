/** What we ask of an SDP offer before anyone else reads it, and the answers that come back (RFC 8866; RFC 9429 for what browsers make of it). */

/** Browsers' offers have 2 to 8 KiB. */
export const MAX_SDP_BYTES = 64 * 1024
const MAX_LINE_CHARS = 2048
/** Each is an address that the other side will try. */
const MAX_CANDIDATES = 64
/** An offer for a conversation has two: sound, and the data channel. */
const MAX_SECTIONS = 4

export type OfferReading
  = | { ok: true }
    /** `why` is a sentence. */
    | { ok: false, why: string }

/** One `m=` line and what belongs to it. */
interface Section { kind: string, lines: string[] }

const refuse = (why: string): OfferReading => ({ ok: false, why })

/** Whether a call can be made of it: short, plain lines, one section of audio, keys for DTLS and ICE. Doesn't read it as a WebRTC stack does. */
export function readOffer(sdp: string): OfferReading {
  const misshapen = shapeFault(sdp)
  if (misshapen) return refuse(misshapen)
  const { session, sections } = sectionsOf(sdp)
  const kinds = sections.map(({ kind }) => kind)
  if (sections.length > MAX_SECTIONS) return refuse(`It has ${sections.length} sections, and ${MAX_SECTIONS} are allowed.`)
  if (kinds.filter(kind => kind === 'audio').length !== 1) return refuse('It has to have one section of audio (m=audio), and no more.')
  if (kinds.filter(kind => kind === 'application').length > 1) return refuse('It may have one data channel section (m=application), and no more.')
  const other = kinds.find(kind => kind !== 'audio' && kind !== 'application')
  if (other !== undefined) return refuse(`A section of ${/^\w{1,16}$/.test(other) ? other : 'that kind'} can't be taken; a call has audio and a data channel.`)
  const lines = [...session, ...sections.flatMap(section => section.lines)]
  const missing = ['a=ice-ufrag:', 'a=ice-pwd:', 'a=fingerprint:'].find(start => !lines.some(line => line.startsWith(start)))
  if (missing) return refuse(`It has no ${missing.slice(2, -1)}.`)
  const candidates = lines.filter(line => line.startsWith('a=candidate:')).length
  return candidates > MAX_CANDIDATES ? refuse(`It names ${candidates} addresses, and ${MAX_CANDIDATES} are allowed.`) : { ok: true }
}

function shapeFault(sdp: string): string | undefined {
  const bytes = Buffer.byteLength(sdp)
  if (bytes > MAX_SDP_BYTES) return `It has ${bytes} bytes, and ${MAX_SDP_BYTES} are allowed.`
  if (!isSdp(sdp)) return 'It does not begin with v=0.'
  const lines = linesOf(sdp)
  if (lines.some(line => line.length > MAX_LINE_CHARS)) return `One of its lines is longer than the ${MAX_LINE_CHARS} characters allowed.`
  // Anything but printable characters, tabs included, has no place in what browsers write.
  if (!lines.every(line => /^[a-z]=[^\p{Cc}\u2028\u2029]*$/u.test(line))) return 'One of its lines is not of the form `<letter>=<text>`.'
  return undefined
}

/** As far as that can be seen at its beginning. */
export const isSdp = (text: string) => /^v=0\r?\n/.test(text)

/** Without the line breaks; the last one ends a line and begins none. */
const linesOf = (sdp: string) => sdp.replace(/\r?\n$/, '').split(/\r?\n/)

function sectionsOf(sdp: string): { session: string[], sections: Section[] } {
  const session: string[] = []
  const sections: Section[] = []
  for (const line of linesOf(sdp)) {
    if (line.startsWith('m=')) sections.push({ kind: line.slice(2).split(' ')[0]!, lines: [line] })
    else (sections.at(-1)?.lines ?? session).push(line)
  }
  return { session, sections }
}

const midOf = ({ lines }: Section) => lines.find(line => line.startsWith('a=mid:'))?.slice('a=mid:'.length)
const joined = (session: string[], sections: Section[]) => [...session, ...sections.flatMap(({ lines }) => lines), ''].join('\r\n')

/** An offer without its data channel, and how that is told to whoever made it. */
export interface ClosedOffer {
  sdp: string
  /** The answer to such an offer as the answer to the whole one: the data channel is there, and refused (RFC 3264, 6: port 0). */
  answerToWhole(answer: string): string
}

/**
 * Takes the data channel out: the other side never hears that one was wanted. Undefined: it comes before the audio, which no browser does,
 * and may carry the transport of both.
 */
export function withoutChannel(sdp: string): ClosedOffer | undefined {
  const { session, sections } = sectionsOf(sdp)
  const at = sections.findIndex(({ kind }) => kind === 'application')
  if (at < 0) return { sdp, answerToWhole: answer => answer }
  if (at < sections.findIndex(({ kind }) => kind === 'audio')) return undefined
  const taken = sections[at]!
  const mid = midOf(taken)
  const ungrouped = session.map(line => mid !== undefined && line.startsWith('a=group:') ? line.split(' ').filter((word, n) => n === 0 || word !== mid).join(' ') : line)
  const refused: Section = { kind: 'application', lines: [refusedLine(taken.lines[0]!), 'c=IN IP4 0.0.0.0', ...(mid === undefined ? [] : [`a=mid:${mid}`])] }
  return {
    sdp: joined(ungrouped, sections.toSpliced(at, 1)),
    answerToWhole(answer) {
      const given = sectionsOf(answer)
      return joined(given.session, given.sections.toSpliced(at, 0, refused))
    },
  }
}

/** `m=application 9 UDP/DTLS/SCTP webrtc-datachannel` with port 0. */
const refusedLine = (line: string) => line.replace(/^(m=\S+) \S+/, '$1 0')
