import { RTP_TICKS_PER_SAMPLE, SAMPLES_PER_SECOND, FRAME_SAMPLES } from './frames.ts'

/** Jitter that is waited for: a packet this much behind its successors is lost. */
const MAX_WAIT_MS = 120
/** Packets kept for an earlier one that is late; more of them mean that it is lost. */
const MAX_WAITING_PACKETS = 6
/** A track that has been still for so long is silent: a turn has to end although nothing comes. */
const STILL_MS = 300
/** Longer gaps in the time stamps are a new beginning, not silence. */
const MAX_GAP_SAMPLES = 2 * SAMPLES_PER_SECOND
/** Audio may come this much faster than time passes; what is beyond is dropped. */
const MAX_AHEAD_MS = 3000
/** A jump of the sequence that is no loss any more. */
const MAX_LOST_PACKETS = 3000

export interface AudioPacket { sequenceNumber: number, timestamp: number, payload: Uint8Array }

export interface MicrophoneTrackOptions {
  /** An Opus packet as PCM16 at 24 kHz; throws when it is none. */
  decode(payload: Uint8Array): Int16Array
  /** In order, without gaps. */
  onSamples(samples: Int16Array): void
}

/** RTP of a microphone → samples in order and in step with time: late packets are waited for, lost ones concealed, stillness is silence. */
export interface MicrophoneTrack {
  push(packet: AudioPacket, nowMs: number): void
  /** To be called every 20 ms. */
  tick(nowMs: number): void
  /** Packets that never came, or came too late. */
  readonly lost: number
}

const silence = (samples: number) => new Int16Array(samples)
const int16 = (value: number) => value << 16 >> 16

export function createMicrophoneTrack({ decode, onSamples }: MicrophoneTrackOptions): MicrophoneTrack {
  /** By unwrapped sequence number; bounded by `MAX_WAITING_PACKETS`. */
  const waiting = new Map<number, AudioPacket & { atMs: number }>()
  let expected: number | undefined
  let nextTimestamp = 0
  let lastFrame: Int16Array = silence(FRAME_SAMPLES)
  let lastAtMs = 0
  let beganAtMs = 0
  let givenSamples = 0
  /** Silence given since the last packet: the next one's gap is shorter by it. */
  let filledSamples = 0
  let lost = 0

  function give(samples: Int16Array) {
    if (samples.length === 0) return
    givenSamples += samples.length
    onSamples(samples)
  }

  /** The last sound, played back and fading: begins where it ended, and is gone after 20 ms. */
  function conceal(samples: number) {
    const gap = silence(samples)
    const length = Math.min(samples, lastFrame.length)
    for (let i = 0; i < length; i++) gap[i] = lastFrame[lastFrame.length - 1 - i]! * (1 - i / length)
    lastFrame = silence(FRAME_SAMPLES)
    give(gap)
  }

  function deliver({ timestamp, payload }: AudioPacket) {
    let samples: Int16Array
    try {
      samples = decode(payload)
    } catch {
      lost++
      return
    }
    const gap = Math.floor(((timestamp - nextTimestamp) | 0) / RTP_TICKS_PER_SAMPLE) - filledSamples
    if (gap > 0 && gap <= MAX_GAP_SAMPLES) conceal(gap)
    filledSamples = 0
    nextTimestamp = (timestamp + samples.length * RTP_TICKS_PER_SAMPLE) >>> 0
    if (samples.length > 0) lastFrame = samples
    give(samples)
  }

  function drain(nowMs: number) {
    while (waiting.size > 0) {
      const packet = waiting.get(expected!)
      if (packet) {
        waiting.delete(expected!)
        deliver(packet)
        expected!++
        continue
      }
      const first = Math.min(...waiting.keys())
      if (waiting.size < MAX_WAITING_PACKETS && nowMs - waiting.get(first)!.atMs < MAX_WAIT_MS) return
      lost += first - expected!
      expected = first
    }
  }

  return {
    get lost() { return lost },
    push(packet, nowMs) {
      if (expected === undefined) {
        expected = packet.sequenceNumber
        nextTimestamp = packet.timestamp
        beganAtMs = nowMs
      }
      const ahead = int16(packet.sequenceNumber - (expected & 0xFFFF))
      const isNew = Math.abs(ahead) > MAX_LOST_PACKETS
      if (isNew) {
        waiting.clear()
        expected = packet.sequenceNumber
      } else if (ahead < 0) return
      if (givenSamples / (SAMPLES_PER_SECOND / 1000) - (nowMs - beganAtMs) > MAX_AHEAD_MS) return
      lastAtMs = nowMs
      waiting.set(isNew ? expected : expected + ahead, { ...packet, atMs: nowMs })
      drain(nowMs)
    },
    tick(nowMs) {
      if (expected === undefined) return
      drain(nowMs)
      if (nowMs - lastAtMs < STILL_MS) return
      const due = Math.floor((nowMs - lastAtMs) * SAMPLES_PER_SECOND / 1000) - filledSamples
      if (due <= 0) return
      filledSamples += due
      lastFrame = silence(FRAME_SAMPLES)
      give(silence(due))
    },
  }
}
