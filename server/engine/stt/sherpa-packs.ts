/**
 * Which of the published sherpa-onnx model packs lie in a folder, told by file names (https://k2-fsa.github.io/sherpa/onnx/pretrained_models/).
 * Only looks, but looks well.
 */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { faultOfFile, packFolders } from '../model-files.ts'

export type SherpaPack = { name: string, tokens: string } & (
  | { kind: 'streaming-transducer', encoder: string, decoder: string, joiner: string }
  | { kind: 'transducer', encoder: string, decoder: string, joiner: string }
  | { kind: 'whisper', encoder: string, decoder: string }
  | { kind: 'moonshine', preprocessor: string, encoder: string, uncachedDecoder: string, cachedDecoder: string }
  | { kind: 'sense-voice', model: string }
)

export type SherpaSearch
  = | { found: true, pack: SherpaPack }
    | { found: false, why: string, /** Nothing is there, not even something broken. */ absent: boolean }

/** Streaming packs first (partial words, no wait at the end), then by quality for their size. */
const PREFERENCE: readonly SherpaPack['kind'][] = ['streaming-transducer', 'sense-voice', 'transducer', 'moonshine', 'whisper']

/** Looks at `modelsDir` and the folders in it. */
export function findSherpaPack(modelsDir: string): SherpaSearch {
  const packs = packFolders(modelsDir).map(readPack).filter(pack => pack !== undefined)
  const faults: string[] = []
  for (const kind of PREFERENCE) {
    for (const pack of packs.filter(pack => pack.kind === kind)) {
      const broken = filesOf(pack).map(path => faultOfFile(path)).find(fault => fault !== undefined)
      if (!broken) return { found: true, pack }
      faults.push(`the ${pack.kind} pack ${pack.name} is unusable: ${broken}`)
    }
  }
  if (faults.length > 0) return { found: false, why: `In ${modelsDir} ${faults.join('; ')}.`, absent: false }
  return { found: false, why: `There is no speech model in ${modelsDir}.`, absent: true }
}

function readPack(folder: string): SherpaPack | undefined {
  const names = readdirSync(folder)
  /** The model whose name fits, the 8-bit one first: a quarter of the memory for hardly more errors. */
  const model = (pattern: RegExp) => {
    const fitting = names.filter(name => name.endsWith('.onnx') && pattern.test(name)).sort()
    const name = fitting.find(candidate => candidate.includes('int8')) ?? fitting[0]
    return name && join(folder, name)
  }
  const token = names.find(name => name === 'tokens.txt') ?? names.find(name => name.endsWith('-tokens.txt'))
  const common = { name: basename(folder), tokens: join(folder, token ?? 'tokens.txt') }
  const joiner = model(/^joiner/)
  if (joiner) {
    const streaming = /streaming|chunk/.test(`${basename(folder)} ${names.join(' ')}`)
    return { ...common, kind: streaming ? 'streaming-transducer' : 'transducer', joiner, encoder: model(/^encoder/) ?? join(folder, 'encoder.onnx'), decoder: model(/^decoder/) ?? join(folder, 'decoder.onnx') }
  }
  const preprocessor = model(/^preprocess/)
  if (preprocessor) {
    return {
      ...common, kind: 'moonshine', preprocessor,
      encoder: model(/^encode\b/) ?? join(folder, 'encode.onnx'),
      uncachedDecoder: model(/^uncached_decode/) ?? join(folder, 'uncached_decode.onnx'),
      cachedDecoder: model(/^cached_decode/) ?? join(folder, 'cached_decode.onnx'),
    }
  }
  const encoder = model(/-encoder\b/)
  if (encoder) return { ...common, kind: 'whisper', encoder, decoder: model(/-decoder\b/) ?? encoder.replace('-encoder', '-decoder') }
  const whole = model(/^model\b/)
  if (whole && /sense-?voice/i.test(basename(folder))) return { ...common, kind: 'sense-voice', model: whole }
  return undefined
}

function filesOf(pack: SherpaPack): string[] {
  switch (pack.kind) {
    case 'streaming-transducer':
    case 'transducer': return [pack.encoder, pack.decoder, pack.joiner, pack.tokens]
    case 'whisper': return [pack.encoder, pack.decoder, pack.tokens]
    case 'moonshine': return [pack.preprocessor, pack.encoder, pack.uncachedDecoder, pack.cachedDecoder, pack.tokens]
    case 'sense-voice': return [pack.model, pack.tokens]
    default: throw new TypeError(`unknown pack ${JSON.stringify(pack satisfies never)}`)
  }
}

/** The recogniser for a pack, by its name in sherpa-onnx, and its configuration. */
export function recognizerConfig(pack: SherpaPack): { load: 'OnlineRecognizer' | 'OfflineRecognizer', config: Record<string, unknown> } {
  const online = pack.kind === 'streaming-transducer'
  return {
    load: online ? 'OnlineRecognizer' : 'OfflineRecognizer',
    config: {
      featConfig: { sampleRate: 16_000, featureDim: 80 },
      modelConfig: { tokens: pack.tokens, numThreads: 1, provider: 'cpu', debug: 0, ...modelConfig(pack) },
      decodingMethod: 'greedy_search',
    },
  }
}

function modelConfig(pack: SherpaPack): Record<string, unknown> {
  switch (pack.kind) {
    case 'streaming-transducer': return { transducer: { encoder: pack.encoder, decoder: pack.decoder, joiner: pack.joiner } }
    case 'transducer': {
      const { encoder, decoder, joiner } = pack
      return { transducer: { encoder, decoder, joiner }, modelType: /parakeet|nemo/i.test(pack.name) ? 'nemo_transducer' : '' }
    }
    case 'whisper': return { whisper: { encoder: pack.encoder, decoder: pack.decoder, task: 'transcribe', tailPaddings: -1 } }
    case 'moonshine': {
      const { preprocessor, encoder, uncachedDecoder, cachedDecoder } = pack
      return { moonshine: { preprocessor, encoder, uncachedDecoder, cachedDecoder } }
    }
    case 'sense-voice': return { senseVoice: { model: pack.model, language: '', useInverseTextNormalization: 1 } }
    default: throw new TypeError(`unknown pack ${JSON.stringify(pack satisfies never)}`)
  }
}
