/** The engine's rate; Opus takes and gives it as it is, so nothing is resampled. */
export const SAMPLES_PER_SECOND = 24_000
export const FRAME_MS = 20
export const FRAME_SAMPLES = SAMPLES_PER_SECOND / 1000 * FRAME_MS
/** RTP counts Opus at 48 kHz, whatever rate it was made of (RFC 7587 4.1). */
export const RTP_TICKS_PER_FRAME = 960
export const RTP_TICKS_PER_SAMPLE = 2
