/** Names that KAIWA_VAD, KAIWA_STT and KAIWA_TTS take, best first. Beside these, `none` for STT: no recognition. */
export const adapters = {
  vad: ['silero', 'webrtc', 'energy'],
  stt: ['server', 'sherpa', 'pocketsphinx'],
  tts: ['server', 'sherpa', 'flite'],
} as const

/** A server with OpenAI's `/v1/audio/…`, as KAIWA_STT_… or KAIWA_TTS_… name it. */
export interface SpeechServer {
  /** Its origin, its `/v1`, or the whole address. */
  url: URL
  model: string
  key: string | undefined
}
