/**
 * Speech models that are known to work here, by the names their publisher gave them
 * (https://github.com/k2-fsa/sherpa-onnx/releases, tags asr-models and tts-models). Any other pack of these kinds works, too, when its
 * folder is put into KAIWA_MODELS_DIR by hand.
 */
export interface CatalogueModel {
  /** Of the archive, without `.tar.bz2`, and of the folder in it. */
  name: string
  stage: 'stt' | 'tts'
  /** ISO 639 codes. */
  languages: readonly string[]
  /** To download, roughly. */
  aboutMB: number
  /** Of the weights, as their publisher states it; the packs' own files have the last word. */
  licence: string
  note: string
  /** Of the archive. Absent: recorded at the first download (trust on first use), and every later one is held against it. */
  sha256?: string
}

export const PUBLISHER = 'https://github.com/k2-fsa/sherpa-onnx/releases/download'

const ESPEAK = 'with eSpeak NG data (GPL-3.0)'

export const catalogue: readonly CatalogueModel[] = [
  { name: 'sherpa-onnx-streaming-zipformer-en-20M-2023-02-17', stage: 'stt', languages: ['en'], aboutMB: 130, licence: 'Apache-2.0', note: 'words while you speak; small' },
  { name: 'sherpa-onnx-streaming-zipformer-en-2023-06-26', stage: 'stt', languages: ['en'], aboutMB: 300, licence: 'Apache-2.0', note: 'words while you speak; better' },
  { name: 'sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20', stage: 'stt', languages: ['zh', 'en'], aboutMB: 490, licence: 'Apache-2.0', note: 'words while you speak' },
  { name: 'sherpa-onnx-moonshine-tiny-en-int8', stage: 'stt', languages: ['en'], aboutMB: 105, licence: 'MIT', note: 'words at the end of a turn; fast' },
  { name: 'sherpa-onnx-moonshine-base-en-int8', stage: 'stt', languages: ['en'], aboutMB: 250, licence: 'MIT', note: 'words at the end of a turn; better' },
  { name: 'sherpa-onnx-sense-voice-zh-en-ja-ko-yue-int8-2024-07-17', stage: 'stt', languages: ['ja', 'zh', 'en', 'ko', 'yue'], aboutMB: 160, licence: 'FunASR model licence', note: 'words at the end of a turn; Japanese' },
  { name: 'sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17', stage: 'stt', languages: ['ja', 'zh', 'en', 'ko', 'yue'], aboutMB: 1000, licence: 'FunASR model licence', note: 'the same, and its full weights' },
  { name: 'vits-piper-en_US-amy-low', stage: 'tts', languages: ['en'], aboutMB: 65, licence: `see its MODEL_CARD, ${ESPEAK}`, note: 'one voice; fast' },
  { name: 'vits-piper-en_US-lessac-medium', stage: 'tts', languages: ['en'], aboutMB: 65, licence: `see its MODEL_CARD, ${ESPEAK}`, note: 'one voice; fast' },
  { name: 'kokoro-int8-en-v0_19', stage: 'tts', languages: ['en'], aboutMB: 100, licence: `Apache-2.0, ${ESPEAK}`, note: '11 voices; natural, needs a fast machine' },
  { name: 'kokoro-en-v0_19', stage: 'tts', languages: ['en'], aboutMB: 305, licence: `Apache-2.0, ${ESPEAK}`, note: '11 voices; natural, needs a fast machine' },
  { name: 'kokoro-multi-lang-v1_0', stage: 'tts', languages: ['en', 'zh'], aboutMB: 335, licence: `Apache-2.0, ${ESPEAK}`, note: '53 voices; natural, needs a fast machine' },
]

const folders = { stt: 'asr-models', tts: 'tts-models' } as const

/** Where the archive lies below a mirror's address, or the publisher's. */
export function archiveUrl(model: Pick<CatalogueModel, 'name' | 'stage'>, base: string): string {
  return `${base.replace(/\/+$/, '')}/${folders[model.stage]}/${model.name}.tar.bz2`
}
