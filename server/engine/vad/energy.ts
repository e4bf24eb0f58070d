/**
 * Speech detection by loudness over a slowly learnt noise floor. Much worse than a model in noise or music: the stand-in when
 * neither Silero nor WebRTC's detector works.
 */
const FLOOR_START = 0.003
const FLOOR_LEAST = 0.0008
/** The floor rises by 1 % a frame (about 3 dB in a second) and falls at once. */
const FLOOR_RISE = 1.01
/** 9 dB above the floor is as likely speech as not; 3 dB more or less decides. */
const SPEECH_ABOVE_FLOOR_DB = 9
const STEEPNESS_PER_DB = 0.6

/** Frames of any length; 32 ms suits the constants. */
export function createEnergyStream(): { process(frame: Float32Array): number } {
  let floor = FLOOR_START
  return {
    process(frame) {
      let energy = 0
      for (const sample of frame) energy += sample * sample
      const level = Math.max(Math.sqrt(energy / frame.length), 1e-6)
      const aboveDb = 20 * Math.log10(level / floor)
      floor = Math.max(FLOOR_LEAST, Math.min(level, floor * FLOOR_RISE))
      return 1 / (1 + Math.exp(-STEEPNESS_PER_DB * (aboveDb - SPEECH_ABOVE_FLOOR_DB)))
    },
  }
}
