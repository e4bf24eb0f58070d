/**
 * Which of the published sherpa-onnx voice packs lie in a folder, told by file names
 * (https://k2-fsa.github.io/sherpa/onnx/tts/pretrained_models/). Only looks; whether a pack loads shows a trial.
 */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { faultOfFile, packFolders } from '../model-files.ts'

export type VoicePack = { name: string, model: string, tokens: string, /** eSpeak NG's rules of pronunciation. */ dataDir: string } & (
  | { kind: 'piper' }
  | { kind: 'kokoro', voices: string, lexicons: string[], ruleFsts: string[] }
)

export type VoiceSearch
  = | { found: true, pack: VoicePack }
    | { found: false, why: string, /** Nothing is there, not even something broken. */ absent: boolean }

/** Piper takes 0.06 of real time, Kokoro 0.3 to 1.2: better sound, but on a slow machine it stutters. */
const PREFERENCE: readonly VoicePack['kind'][] = ['piper', 'kokoro']

/** Without one of these eSpeak NG ends the process. */
const ESPEAK_FILES = ['phontab', 'phonindex', 'phondata', 'intonations']

/** Looks at `modelsDir` and the folders in it. */
export function findVoicePack(modelsDir: string): VoiceSearch {
  const packs = packFolders(modelsDir).map(readVoicePack).filter(pack => pack !== undefined)
  const faults: string[] = []
  for (const kind of PREFERENCE) {
    for (const pack of packs.filter(pack => pack.kind === kind)) {
      const broken = filesOf(pack).map(path => faultOfFile(path)).find(fault => fault !== undefined)
      if (!broken) return { found: true, pack }
      faults.push(`the ${pack.kind} voice ${pack.name} is unusable: ${broken}`)
    }
  }
  if (faults.length > 0) return { found: false, why: `In ${modelsDir} ${faults.join('; ')}.`, absent: false }
  return { found: false, why: `There is no voice in ${modelsDir}.`, absent: true }
}

export function nameOfVoice(pack: VoicePack): string {
  return `sherpa-onnx with ${pack.name} (${pack.kind})`
}

function readVoicePack(folder: string): VoicePack | undefined {
  const names = readdirSync(folder)
  const common = { name: basename(folder), tokens: join(folder, 'tokens.txt'), dataDir: join(folder, 'espeak-ng-data') }
  const models = names.filter(name => name.endsWith('.onnx')).sort()
  // KittenTTS has a voices.bin, too, but is another model.
  if (/^kokoro/i.test(common.name) || (names.includes('voices.bin') && !/kitten/i.test(common.name))) {
    const model = models.find(name => name.includes('int8')) ?? models[0] ?? 'model.onnx'
    const english = names.find(name => name === 'lexicon-us-en.txt') ?? names.find(name => name === 'lexicon-gb-en.txt')
    const lexicons = [english, names.find(name => name === 'lexicon-zh.txt')].filter(name => name !== undefined)
    return {
      ...common, kind: 'kokoro', model: join(folder, model), voices: join(folder, 'voices.bin'),
      lexicons: lexicons.map(name => join(folder, name)), ruleFsts: names.filter(name => name.endsWith('.fst')).sort().map(name => join(folder, name)),
    }
  }
  // Piper's own description lies beside the model, under the model's name.
  const description = names.find(name => name.endsWith('.onnx.json'))
  if (!description && !/piper/i.test(common.name)) return undefined
  return { ...common, kind: 'piper', model: join(folder, description?.slice(0, -'.json'.length) ?? models[0] ?? 'model.onnx') }
}

function filesOf(pack: VoicePack): string[] {
  const espeak = ESPEAK_FILES.map(name => join(pack.dataDir, name))
  switch (pack.kind) {
    case 'piper': return [pack.model, pack.tokens, ...espeak]
    case 'kokoro': return [pack.model, pack.voices, pack.tokens, ...pack.lexicons, ...pack.ruleFsts, ...espeak]
    default: throw new TypeError(`unknown voice ${JSON.stringify(pack satisfies never)}`)
  }
}

/** What sherpa-onnx's OfflineTts takes. */
export function voiceConfig(pack: VoicePack): Record<string, unknown> {
  const { model, tokens, dataDir } = pack
  const common = { provider: 'cpu', debug: false }
  if (pack.kind === 'piper') return { model: { ...common, numThreads: 1, vits: { model, tokens, dataDir } }, maxNumSentences: 1 }
  return {
    model: { ...common, numThreads: 2, kokoro: { model, tokens, dataDir, voices: pack.voices, lexicon: pack.lexicons.join(',') } },
    maxNumSentences: 1,
    ruleFsts: pack.ruleFsts.join(','),
  }
}
