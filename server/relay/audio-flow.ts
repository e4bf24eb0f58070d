/** Nothing came for longer than any frame is: the talker was muted, or the line stood still. */
const PAUSE_MS = 400
/** Of the talker's audio, those that somebody may still ask about. Full ⇒ the oldest is forgotten, and taken for the next. */
const MAX_STRETCHES = 64
/** PCM16 at 24 kHz, until somebody says otherwise. */
const BYTES_PER_MS = 48

/** Audio that came without a pause: it began at `fromAudioMs` of all audio, and `clock − audio` is at most `offsetMs` throughout. */
interface Stretch { fromAudioMs: number, offsetMs: number }

/**
 * The client's audio as it is passed on: how much, and when it was said. One object that is added to in place and read when needed, because
 * telling each who looks on of each piece costs more than passing it. Whole numbers, so that adding takes no memory.
 *
 * The model tells places in the audio it was sent (`audio_start_ms`). Audio comes late after the line was made or stood still, and none comes
 * while muted. What is certain is that no sample was said after it came: of all samples of a stretch the one with the least delay places
 * the others, to the millisecond.
 */
export class AudioFlow {
  events = 0
  /** As on the wire. */
  messageBytes = 0
  /** Decoded. */
  audioBytes = 0
  /** So many pauses lie between what came, and one. */
  stretches = 0
  #bytesPerMs = BYTES_PER_MS
  /** Audio before the rate was what it is. */
  #beforeMs = 0
  #beforeBytes = 0
  #cameAtMs = -PAUSE_MS * 1000
  #fromAudioMs = 0
  #offsetMs = 0
  readonly #earlier: Stretch[] = []

  /** @param nowMs when it came, by the relay's clock */
  append(audioBytes: number, messageBytes: number, nowMs: number) {
    const atMs = Math.trunc(nowMs)
    if (atMs - this.#cameAtMs > PAUSE_MS + audioBytes / this.#bytesPerMs) this.#beginStretch()
    this.events++
    this.messageBytes += messageBytes
    this.audioBytes += audioBytes
    this.#cameAtMs = atMs
    const offsetMs = atMs - Math.trunc(this.audioMs)
    if (offsetMs < this.#offsetMs) this.#offsetMs = offsetMs
  }

  /** From here on a millisecond of audio takes so many bytes. */
  speaks(bytesPerMs: number) {
    if (bytesPerMs === this.#bytesPerMs) return
    this.#beforeMs = this.audioMs
    this.#beforeBytes = this.audioBytes
    this.#bytesPerMs = bytesPerMs
  }

  /** All audio so far. */
  get audioMs() { return this.#beforeMs + (this.audioBytes - this.#beforeBytes) / this.#bytesPerMs }

  /**
   * When, by the relay's clock, this place of the audio was said: before the relay began, if it was while the line was being made.
   * Undefined: no audio was seen.
   */
  at(audioMs: number): number | undefined {
    if (this.stretches === 0) return undefined
    if (audioMs >= this.#fromAudioMs) return audioMs + this.#offsetMs
    const stretch = this.#earlier.findLast(({ fromAudioMs }) => fromAudioMs <= audioMs) ?? this.#earlier[0]
    return audioMs + (stretch ?? { offsetMs: this.#offsetMs }).offsetMs
  }

  #beginStretch() {
    if (this.#earlier.length >= MAX_STRETCHES) this.#earlier.shift()
    if (this.stretches > 0) this.#earlier.push({ fromAudioMs: this.#fromAudioMs, offsetMs: this.#offsetMs })
    this.stretches++
    this.#fromAudioMs = this.audioMs
    this.#offsetMs = 0x3FFF_FFFF
  }
}
