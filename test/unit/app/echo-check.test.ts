import { describe, expect, it } from 'vitest'
import { adviceOf, floorOf } from '../../../app/voice/echo-advice.ts'
import { runEchoCheck, type CheckStep, type EchoCheckParts, type EchoMeasurements } from '../../../app/voice/echo-check.ts'
import type { EchoRecorder } from '../../../app/voice/echo-recorder.ts'
import { voiceSettingsDefaults, type VoiceSettings } from '../../../app/voice/voice-settings.ts'

const sampleRate = 48_000

interface Room {
  /** From loudspeaker to microphone, undefined: headphones. */
  echo?: { delayMs: number, gain: number }
  /** What a browser's canceller leaves of it. */
  cancelled?: number
  noise?: number
  microphone?: 'dead' | 'denied'
  server?: 'down'
  path?: 'direct'
  /** The browser joins the microphone to contexts of this rate only. */
  onlyAt?: number
}

/** A browser in a room: what is opened is counted, and has to be closed. */
function browserIn({ echo, cancelled = 1, noise = 0.0005, microphone, server, path, onlyAt }: Room) {
  const open = { streams: 0, recorders: 0, outputs: 0, contexts: 0 }
  const asked: MediaTrackConstraints[] = []
  const recordedAt: number[] = []
  let nowMs = 0
  const record = (gain: number): EchoRecorder['record'] => async (lengthMs, probe) => {
    const reference = new Float32Array(lengthMs * sampleRate / 1000)
    if (probe) reference.set(probe.samples, probe.beforeMs * sampleRate / 1000)
    let state = 1
    const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 31 - 1
    const delay = Math.round((echo?.delayMs ?? 0) * sampleRate / 1000)
    const heard = reference.map((_, i) => Math.min(1, Math.max(-1, noise * random() + gain * (reference[i - delay] ?? 0))))
    return { microphone: microphone === 'dead' ? heard.fill(0) : heard, reference, sampleRate }
  }
  const parts: EchoCheckParts = {
    mediaDevices: {
      async getUserMedia(constraints) {
        if (microphone === 'denied') throw Object.assign(new Error('no'), { name: 'NotAllowedError' })
        const audio = constraints!.audio as MediaTrackConstraints
        asked.push(audio)
        open.streams++
        const track = { stop: () => { open.streams-- }, getSettings: () => ({ echoCancellation: audio.echoCancellation, sampleRate: onlyAt }) }
        return { getTracks: () => [track], cancels: audio.echoCancellation } as unknown as MediaStream
      },
    },
    createAudioContext(options) {
      open.contexts++
      const context = {
        state: 'running', sampleRate: options?.sampleRate ?? sampleRate, resume: async () => {},
        async close() {
          context.state = 'closed'
          open.contexts--
        },
        createMediaStreamSource() {
          if (onlyAt !== undefined && context.sampleRate !== onlyAt) throw new DOMException('different sample-rate', 'NotSupportedError')
          return { disconnect() {} }
        },
      }
      return context as unknown as AudioContext
    },
    async openOutput() {
      open.outputs++
      const reason = path === 'direct' ? 'No peer connections.' : undefined
      return { input: {} as AudioNode, latencyMs: 0, path: 'direct', reason, setVolume() {}, setDevice: async () => true, close: () => { open.outputs-- } }
    },
    async openRecorder(context, stream) {
      open.recorders++
      recordedAt.push(context.sampleRate)
      const gain = (echo?.gain ?? 0) * ((stream as unknown as { cancels: boolean }).cancels ? cancelled : 1)
      return { sampleRate, record: record(gain), close: () => { open.recorders-- } }
    },
    async askServer() {
      nowMs += 12
      if (server === 'down') throw new Error('down')
    },
    transport: 'WebSocket',
    nowMs: () => nowMs,
  }
  return { parts, open, asked, recordedAt }
}

async function check(room: Room, { compare = true, signal = new AbortController().signal, onStep = (_step: CheckStep) => {} } = {}) {
  const browser = browserIn(room)
  const result = await runEchoCheck(browser.parts, { settings: voiceSettingsDefaults, compare, onStep, signal })
  expect(browser.open, 'nothing is left open').toEqual({ streams: 0, recorders: 0, outputs: 0, contexts: 0 })
  return { result, ...browser }
}

async function measure(room: Room, options?: { compare: boolean }): Promise<EchoMeasurements> {
  const { result } = await check(room, options)
  if (!result.ok) throw new Error(result.fault.detail)
  return result.measurements
}
const codes = (measured: EchoMeasurements, current: VoiceSettings = voiceSettingsDefaults) =>
  adviceOf(measured, current).findings.map(({ code }) => code)
const loopback = { ...voiceSettingsDefaults, playbackPath: 'loopback' as const }

describe('the echo check', () => {
  it('goes step by step and measures the echo with and without the browser’s own cancellation', async () => {
    const steps: CheckStep[] = []
    const { result, asked } = await check({ echo: { delayMs: 90, gain: 0.3 }, cancelled: 0.1 }, { onStep: step => steps.push(step) })
    expect(steps).toEqual(['microphone', 'quiet', 'sound', 'compare', 'line'])
    expect(asked.map(({ echoCancellation }) => echoCancellation)).toEqual([true, false])
    if (!result.ok) throw new Error(result.fault.detail)
    const { echo, rawEcho, line } = result.measurements
    expect(echo!.delayMs).toBeCloseTo(90, 0)
    expect(echo!.lossDb).toBeCloseTo(30.5, 0)
    expect(rawEcho).toMatchObject({ lossDb: expect.closeTo(10.5, 0) })
    expect(line).toEqual({ transport: 'WebSocket', roundTripMs: 12 })
  })

  it('leaves the microphone’s processing alone beside a call', async () => {
    const { result, asked } = await check({ echo: { delayMs: 90, gain: 0.3 } }, { compare: false })
    expect(asked).toHaveLength(1)
    expect(result).toMatchObject({ ok: true, measurements: { rawEcho: 'unknown' } })
  })

  it('goes on in a context of the microphone’s rate where the browser joins it to no other, and leaves none open', async () => {
    const { result, recordedAt } = await check({ echo: { delayMs: 90, gain: 0.3 }, onlyAt: 16_000 })
    expect(result).toMatchObject({ ok: true })
    expect(new Set(recordedAt)).toEqual(new Set([16_000]))
    expect((await check({ onlyAt: NaN })).result, 'no context takes it').toMatchObject({ ok: false, fault: { code: 'audio_failed' } })
  })

  it('says why there is no microphone', async () => {
    expect((await check({ microphone: 'denied' })).result).toMatchObject({ ok: false, fault: { code: 'mic_denied' } })
  })

  it.each(['microphone', 'quiet', 'sound', 'compare', 'line'] as const)('can be stopped at the step "%s"', async at => {
    const stopping = new AbortController()
    const { result } = await check({ echo: { delayMs: 90, gain: 0.3 } }, { signal: stopping.signal, onStep: step => { if (step === at) stopping.abort() } })
    expect(result).toMatchObject({ ok: false, fault: { code: 'cancelled' } })
  })
})

describe('the advice', () => {
  it('is nothing to change where nothing comes back', async () => {
    const measured = await measure({})
    expect(codes(measured)).toEqual(['echo_none', 'line_good'])
    expect(adviceOf(measured, voiceSettingsDefaults).settings).toEqual({})
  })

  it('is a room’s microphone where the browser cancels the echo', async () => {
    const measured = await measure({ echo: { delayMs: 60, gain: 0.3 }, cancelled: 0 })
    expect(codes(measured)).toEqual(['echo_cancelled', 'line_good'])
    expect(adviceOf(measured, voiceSettingsDefaults).settings).toEqual({ noiseReduction: 'far_field' })
  })

  it('is loudspeaker mode where the browser’s cancellation does not know what the page plays', async () => {
    const measured = await measure({ echo: { delayMs: 90, gain: 0.3 } })
    expect(codes(measured)).toEqual(['echo_try_loopback', 'line_good'])
    expect(adviceOf(measured, voiceSettingsDefaults).settings).toEqual({ playbackPath: 'loopback', noiseReduction: 'far_field' })
  })

  it('is half duplex, with the measured floor, where that didn’t help either', async () => {
    const measured = await measure({ echo: { delayMs: 90, gain: 0.3 } })
    const { settings } = adviceOf(measured, loopback)
    expect(codes(measured, loopback)).toEqual(['echo_half_duplex', 'line_good'])
    expect(settings).toEqual({ halfDuplex: true, noiseReduction: 'far_field', echoFloor: floorOf(measured) })
    expect(settings.echoFloor!.lossDb).toBeCloseTo(10.5, 0)
    expect(settings.echoFloor!.tailMs).toBeGreaterThan(140)
    expect(settings.echoFloor!.tailMs).toBeLessThan(200)
  })

  it('is half duplex where a canceller works and leaves too much', async () => {
    expect(codes(await measure({ echo: { delayMs: 90, gain: 1 }, cancelled: 0.2 }))).toEqual(['echo_half_duplex', 'line_good'])
  })

  it('opens the gate again where it is no longer needed', async () => {
    expect(adviceOf(await measure({}), { ...loopback, halfDuplex: true }).settings).toEqual({ halfDuplex: false })
  })

  it('says that it is very loud, that it comes late, that loudspeaker mode could not be had', async () => {
    expect(codes(await measure({ echo: { delayMs: 420, gain: 0.9 }, path: 'direct' }), loopback)).toEqual(['loopback_failed', 'echo_half_duplex', 'echo_loud', 'echo_late', 'line_good'])
  })

  it('lets a faint echo be', async () => {
    expect(codes(await measure({ echo: { delayMs: 90, gain: 0.01 } }))).toEqual(['echo_faint', 'line_good'])
  })

  it('sees a dead microphone, a loud room, a microphone that clips, a server that is down', async () => {
    expect(codes(await measure({ microphone: 'dead' }))).toEqual(['mic_dead', 'line_good'])
    expect(codes(await measure({ noise: 0.00005 }))[0]).toBe('mic_low')
    expect(codes(await measure({ noise: 0.1 }))).toContain('room_loud')
    expect(codes(await measure({ echo: { delayMs: 50, gain: 9 } }))).toContain('mic_clips')
    expect(codes(await measure({ server: 'down' }))).toContain('line_down')
  })
})
