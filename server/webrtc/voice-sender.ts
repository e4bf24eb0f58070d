import { Encoder } from '@evan/opus'
import { FRAME_SAMPLES, RTP_TICKS_PER_FRAME } from './frames.ts'
import { createVoiceQueue, type VoiceQueue } from './voice-queue.ts'

/** Speech at 24 kHz is transparent from about 24 kbit/s; the rest carries the last frame a second time, for lost packets (RFC 6716 2.1.7). */
const BITS_PER_SECOND = 32_000
/** Half the work of the highest; nobody hears the difference at this rate. */
const COMPLEXITY = 5
const EXPECTED_LOSS_PERCENT = 5
/** An Opus packet of 20 ms in which nothing is: for pauses, without encoding. */
const SILENT_PACKET = new Uint8Array([0xF8, 0xFF, 0xFE])
/** Silence that is encoded after speech, so that it rings out: 200 ms. */
const TAIL_FRAMES = 10

export interface VoicePacket { payload: Uint8Array, sequenceNumber: number, timestamp: number, /** Speech begins (RFC 3551 4.1). */ marker: boolean }

/** A session's voice as RTP payloads, one for each frame of 20 ms, also in pauses: the other side's clock runs by them. */
export interface VoiceSender extends Pick<VoiceQueue, 'push' | 'clear'> {
  /** The packet of this frame of time; frames left out stay gaps in time. */
  packet(frameIndex: number): VoicePacket
  /**
   * What was surely sent: a frame counts once its successor went out, because the encoder holds back a few milliseconds. Undefined:
   * nothing new.
   */
  report(): { generation: number, samples: number } | undefined
}

export function createVoiceSender(random: () => number): VoiceSender {
  const queue = createVoiceQueue()
  const encoder = new Encoder({ channels: 1, sample_rate: 24_000, application: 'voip' })
  Object.assign(encoder, { bitrate: BITS_PER_SECOND, complexity: COMPLEXITY, signal: 'voice', inband_fec: true, packet_loss: EXPECTED_LOSS_PERCENT })
  const frame = new Int16Array(FRAME_SAMPLES)
  const firstTimestamp = Math.floor(random() * 2 ** 31)
  let sequenceNumber = Math.floor(random() * 2 ** 15)
  let silentFrames = TAIL_FRAMES
  /** Taken from the queue before this frame, and told. */
  let before = 0
  let told = 0

  return {
    push: queue.push,
    clear(generation) {
      queue.clear(generation)
      before = told = 0
    },
    packet(frameIndex) {
      before = queue.takenSamples
      const voiced = queue.next(frame) > 0
      const wasSilent = silentFrames >= TAIL_FRAMES
      silentFrames = voiced ? 0 : silentFrames + 1
      const payload = silentFrames > TAIL_FRAMES ? SILENT_PACKET : encoder.encode(frame)
      sequenceNumber = (sequenceNumber + 1) & 0xFFFF
      return { payload, sequenceNumber, timestamp: (firstTimestamp + frameIndex * RTP_TICKS_PER_FRAME) >>> 0, marker: voiced && wasSilent }
    },
    report() {
      if (before === told) return undefined
      told = before
      return { generation: queue.generation, samples: told }
    },
  }
}
