import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSdp, MAX_SDP_BYTES, readOffer, withoutChannel } from '../../../../server/relay/sdp.ts'
import { ANSWER } from '../../../fakes/scripted-calls.ts'
import { OFFER, offerLines, sdpOf } from '../../../fakes/sdp-offers.ts'

const { session, audio, channel } = offerLines

describe('an SDP offer', () => {
  it('is taken as browsers write it, with or without a data channel, with either line break', () => {
    expect(readOffer(OFFER)).toEqual({ ok: true })
    expect(readOffer(sdpOf(...session, ...audio))).toEqual({ ok: true })
    expect(readOffer(OFFER.replaceAll('\r\n', '\n'))).toEqual({ ok: true })
  })

  it.each<[string, string, RegExp]>([
    ['nothing', '', /begin/],
    ['JSON', '{"type":"offer"}', /begin/],
    ['HTML', '<!doctype html>', /begin/],
    ['another version', OFFER.replace('v=0', 'v=1'), /begin/],
    ['too long', sdpOf(...session, ...audio, ...Array.from({ length: 3000 }, (_, n) => `a=ssrc:${n} cname:abcdefghijk`)), /bytes/],
    ['one long line', sdpOf(...session, ...audio, `a=${'x'.repeat(3000)}`), /longer/],
    ['a line that is none', sdpOf(...session, 'GET / HTTP/1.1', ...audio), /form/],
    ['an empty line', sdpOf(...session, '', ...audio), /form/],
    ['a null byte', OFFER.replace('s=-', 's=\0'), /form/],
    ['an escape', OFFER.replace('s=-', 's=\u001b[2J'), /form/],
    ['a lone carriage return', OFFER.replace('s=-', 's=-\rm=video 9'), /form/],
    ['a line separator', OFFER.replace('s=-', 's=\u2028m=video 9'), /form/],
    ['no audio', sdpOf(...session, ...channel), /one section of audio/],
    ['audio twice', sdpOf(...session, ...audio, ...audio), /one section of audio/],
    ['two data channels', sdpOf(...session, ...audio, ...channel, ...channel), /one data channel/],
    ['video', sdpOf(...session, ...audio, 'm=video 9 UDP/TLS/RTP/SAVPF 96'), /section of video/],
    ['a thousand sections', sdpOf(...session, ...audio, ...Array.from({ length: 1000 }, () => 'm=audio 9 X 0')), /sections/],
    ['no fingerprint', sdpOf(...session, ...audio.filter(line => !line.startsWith('a=fingerprint'))), /fingerprint/],
    ['no ICE', sdpOf(...session, ...audio.filter(line => !line.startsWith('a=ice'))), /ice-ufrag/],
    ['a hundred addresses to try', sdpOf(...session, ...audio, ...Array.from({ length: 100 }, (_, n) => `a=candidate:${n} 1 udp 1 192.0.2.${n} 9 typ host`)), /addresses/],
  ])('is refused in a sentence: %s', (_name, sdp, why) => {
    const reading = readOffer(sdp)
    expect(reading).toEqual({ ok: false, why: expect.stringMatching(why) })
    expect(!reading.ok && reading.why).toMatch(/^[A-Z].*\.$/)
  })

  it('of whatever kind is read or refused, quickly, and what is taken has one section of audio', () => {
    const line = fc.oneof(fc.constantFrom(...session, ...audio, ...channel), fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('m=', 'm=audio', 'a=mid:', '\n', '\r'))
    fc.assert(fc.property(fc.array(line, { maxLength: 40 }), lines => {
      const sdp = ['v=0', ...lines, ''].join('\r\n')
      if (!readOffer(sdp).ok) return
      expect(sdp.match(/^m=audio/gm)).toHaveLength(1)
      expect(Buffer.byteLength(sdp)).toBeLessThanOrEqual(MAX_SDP_BYTES)
      const closed = withoutChannel(sdp)
      if (closed) expect(closed.sdp).not.toMatch(/^m=application/m)
    }), { numRuns: 500 })
  })
})

describe('an offer without its data channel', () => {
  it('has the audio as it was, and a group of what is left', () => {
    const closed = withoutChannel(OFFER)!
    expect(closed.sdp).toBe(sdpOf(...session.map(line => line === 'a=group:BUNDLE 0 1' ? 'a=group:BUNDLE 0' : line), ...audio))
    expect(readOffer(closed.sdp)).toEqual({ ok: true })
  })

  it('is answered to its maker with the data channel refused, in its place', () => {
    const whole = withoutChannel(OFFER)!.answerToWhole(ANSWER)
    expect(whole).toBe(`${ANSWER}${sdpOf('m=application 0 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:1')}`)
    expect(isSdp(whole)).toBe(true)
  })

  it('that has none is left alone, and so is its answer', () => {
    const plain = sdpOf(...session, ...audio)
    const closed = withoutChannel(plain)!
    expect(closed.sdp).toBe(plain)
    expect(closed.answerToWhole('v=0\nwhatever')).toBe('v=0\nwhatever')
  })

  it('can\'t be made of one whose data channel stands first, and may carry the transport of both', () => {
    expect(withoutChannel(sdpOf(...session, ...channel, ...audio))).toBeUndefined()
  })
})
