import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainOffer, MAX_OFFER_CHARS } from '../../../../server/webrtc/offer.ts'

const FINGERPRINT = `sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`
const keys = ['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuv', `a=fingerprint:${FINGERPRINT}`, 'a=setup:actpass']
const head = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0 1']
const audio = ['m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0', 'c=IN IP4 0.0.0.0', ...keys, 'a=mid:0', 'a=sendrecv', 'a=rtcp-mux', 'a=rtpmap:111 opus/48000/2', 'a=ssrc:7 cname:abc']
const channel = ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', ...keys, 'a=mid:1', 'a=sctp-port:5000', 'a=max-message-size:262144']
const sdp = (...parts: string[][]) => [...parts.flat(), ''].join('\r\n')
const without = (lines: string[], start: string) => lines.filter(line => !line.startsWith(start))

describe('an offer', () => {
  it('is written anew, with what a call needs and nothing else', () => {
    const read = plainOffer(sdp(head, [...audio, 'a=candidate:1 1 udp 1 198.51.100.7 9 typ host', 'a=extmap:1 urn:x', 'a=evil:1'], [...channel, 'a=candidate:2 1 udp 1 victim.example 53 typ host']))
    if (!read.ok) throw new Error(read.detail)
    expect(read.offer).toMatchObject({ iceUsername: 'abcd', payloadType: 111, channel: { maxMessageBytes: 262_144 } })
    expect(read.offer.sdp).not.toMatch(/candidate|extmap|evil|198\.51|victim/)
    expect(read.offer.sdp).toContain('a=ssrc:7 cname:abc')
    const again = plainOffer(read.offer.sdp)
    expect(again.ok && again.offer.sdp).toBe(read.offer.sdp)
  })

  it('may have no data channel, and no microphone', () => {
    const read = plainOffer(sdp(head, audio.map(line => line === 'a=sendrecv' ? 'a=recvonly' : line)))
    expect(read.ok && [read.offer.channel, read.offer.sdp.includes('a=recvonly')]).toEqual([undefined, true])
  })

  it.each([
    ['that is no SDP', '{"sdp":1}', /begin with/],
    ['that is huge', `v=0\r\n${'a'.repeat(MAX_OFFER_CHARS)}`, /characters/],
    ['with endless lines', `v=0\r\n${'\r\n'.repeat(2000)}`, /lines/],
    ['without audio', sdp(head, channel), /no audio/],
    ['with video', sdp(head, audio, ['m=video 9 UDP/TLS/RTP/SAVPF 96', ...keys, 'a=mid:1']), /section for video/],
    ['with two microphones', sdp(head, audio, audio), /more than one/],
    ['without Opus', sdp(head, without(audio, 'a=rtpmap')), /Opus/],
    ['whose Opus isn’t in its list', sdp(head, audio.map(line => line.replace('SAVPF 111', 'SAVPF 8'))), /Opus/],
    ['without keys', sdp(head, without(audio, 'a=ice-pwd')), /secure connection/],
    ['with a weak fingerprint', sdp(head, audio.map(line => line.replace('sha-256', 'sha-1'))), /secure connection/],
    ['of an agent that doesn’t begin', sdp([...head, 'a=ice-lite'], audio), /ICE-lite/],
    ['on two ports', sdp(without(head, 'a=group'), audio, channel), /bundled/],
    ['with RTCP beside', sdp(head, without(audio, 'a=rtcp-mux')), /rtcp-mux/],
    ['with two sections of one name', sdp(head, audio, channel.map(line => line.replace('mid:1', 'mid:0'))), /a=mid/],
    ['with another channel', sdp(head, audio, channel.map(line => line.replace('webrtc-datachannel', '5000'))), /data channel/],
  ])('%s is refused with a sentence', (_name, text, why) => {
    const read = plainOffer(text)
    expect(read).toMatchObject({ ok: false, detail: expect.stringMatching(why) as string })
    expect(read.ok ? '' : read.detail.length).toBeLessThan(200)
  })

  it('never throws, and what it lets through has only lines of its own', () => {
    const ours = /^$|^v=0$|^o=- 1 1 IN|^s=-$|^t=0 0$|^c=IN IP4 0\.0\.0\.0$|^m=(audio|application) 9 |^a=(group|msid-semantic|ice-ufrag|ice-pwd|fingerprint|setup|mid|rtpmap|fmtp|ssrc|sctp-port|max-message-size):|^a=(sendrecv|sendonly|recvonly|inactive|rtcp-mux)$/
    const whole = [...head.slice(1), ...audio, ...channel]
    // An offer with some lines gone, changed or put in between: far more often understood than lines by chance.
    const line = fc.oneof(
      { weight: 20, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...whole) }, { weight: 1, arbitrary: fc.string() },
    )
    fc.assert(fc.property(fc.array(line, { minLength: whole.length, maxLength: whole.length }), changes => {
      const read = plainOffer(['v=0', ...whole.map((original, at) => changes[at] ?? original)].join('\r\n'))
      if (read.ok) for (const each of read.offer.sdp.split('\r\n')) expect(each).toMatch(ours)
    }))
  })
})
