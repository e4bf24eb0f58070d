/**
 * PocketSphinx (5prealpha, Debian's libpocketsphinx3) called through koffi. Calls block: only in a worker.
 * C interface: pocketsphinx.h and cmd_ln.h of that release.
 */
import koffi from 'koffi'
import type { PocketsphinxFiles } from './pocketsphinx-files.ts'

export interface RecognisedWord { text: string, /** Posterior probability, 0 to 1. */ confidence: number }

export interface PocketsphinxDecoder {
  /** Begins an utterance. One at a time. */
  start(): void
  /** 16-bit samples at 16 kHz. */
  process(samples: Int16Array): void
  /** The words so far. */
  partial(): string
  /** Ends the utterance: the final pass, then its words without fillers. */
  finish(): RecognisedWord[]
  /**
   * Undoes what the last utterance taught it. The decoder keeps a mean spectrum over utterances, which helps (word error rate
   * 21 % instead of 38 % with a fixed one); but one of noise makes it deaf to the next.
   */
  unlearn(): void
  free(): void
}

/**
 * Search settings, chosen by measurement (docs/decisions/0005-embedded-speech.md): a bound on the hypotheses per frame costs no
 * words and halves the worst case; a lower language weight hears free talk better.
 */
export const searchSettings: Readonly<Record<string, string>> = {
  '-maxhmmpf': '3000',
  '-maxwpf': '25',
  '-lw': '5.8',
  '-fwdflatlw': '7.8',
}

/** Loads the model: about 0.4 s and 150 MB. @throws Error when the files can't be loaded. */
export function openPocketsphinx(files: PocketsphinxFiles, settings: Readonly<Record<string, string>> = searchSettings): PocketsphinxDecoder {
  const library = bind(files)
  const args = ['pocketsphinx', '-hmm', files.acousticModel, '-dict', files.dictionary, '-lm', files.languageModel, ...Object.entries(settings).flat()]
  // Its log goes to standard error, several hundred lines a start.
  library.setLog(null)
  const config = library.parseArguments(null, library.argumentTable(), args.length, args, 1)
  const decoder = config && library.init(config)
  if (config) library.freeConfig(config)
  if (!decoder) throw new Error(`PocketSphinx could not load its model from ${files.acousticModel}.`)
  const features = library.featuresOf(decoder)
  let learntBefore = library.cepstralMean(features)
  let open = false
  const end = () => {
    if (open) library.endUtterance(decoder)
    open = false
  }
  return {
    start() {
      end()
      learntBefore = library.cepstralMean(features)
      if (library.startUtterance(decoder) < 0) throw new Error('PocketSphinx refused to begin an utterance.')
      open = true
    },
    process(samples) {
      if (library.processRaw(decoder, samples, samples.length, 0, 0) < 0) throw new Error('PocketSphinx could not decode the audio.')
    },
    partial: () => library.hypothesis(decoder, null) ?? '',
    finish() {
      end()
      return segments(library, decoder)
    },
    unlearn: () => library.setCepstralMean(features, learntBefore),
    free() {
      end()
      library.free(decoder)
    },
  }
}

type Pointer = unknown

/** feat.h of that release, up to the member that is needed: there is no accessor for it. */
const featuresType = koffi.struct('kaiwa_feat', {
  refcount: 'int', name: 'void *', cepsize: 'int32_t', n_stream: 'int32_t', stream_len: 'void *', window_size: 'int32_t', n_sv: 'int32_t', sv_len: 'void *',
  subvecs: 'void *', sv_buf: 'void *', sv_dim: 'int32_t', cmn: 'int', varnorm: 'int32_t', agc: 'int', compute_feat: 'void *', cmn_struct: 'void *',
})

interface Features { cepsize: number, cmn_struct: Pointer }

function bind(files: PocketsphinxFiles) {
  const base = koffi.load(files.baseLibrary)
  const sphinx = koffi.load(files.library)
  const getFeatures = sphinx.func('void *ps_get_feat(void *decoder)') as (decoder: Pointer) => Pointer
  const getMean = base.func('void cmn_live_get(void *normaliser, _Out_ float *mean)') as (normaliser: Pointer, mean: Float32Array) => void
  const setMean = base.func('void cmn_live_set(void *normaliser, const float *mean)') as (normaliser: Pointer, mean: Float32Array) => void
  return {
    setLog: base.func('void err_set_logfp(void *file)') as (file: null) => void,
    parseArguments: base.func('void *cmd_ln_parse_r(void *into, void *table, int32_t count, const char **args, int32_t strict)') as
    (into: null, table: Pointer, count: number, args: string[], strict: number) => Pointer,
    freeConfig: base.func('int cmd_ln_free_r(void *config)') as (config: Pointer) => number,
    exponent: base.func('double logmath_exp(void *logarithms, int value)') as (logarithms: Pointer, value: number) => number,
    cepstralMean(features: Features) {
      const mean = new Float32Array(features.cepsize)
      getMean(features.cmn_struct, mean)
      return mean
    },
    setCepstralMean: (features: Features, mean: Float32Array) => setMean(features.cmn_struct, mean),
    featuresOf: (decoder: Pointer) => koffi.decode(getFeatures(decoder), featuresType) as Features,
    argumentTable: sphinx.func('void *ps_args()') as () => Pointer,
    init: sphinx.func('void *ps_init(void *config)') as (config: Pointer) => Pointer,
    free: sphinx.func('int ps_free(void *decoder)') as (decoder: Pointer) => number,
    startUtterance: sphinx.func('int ps_start_utt(void *decoder)') as (decoder: Pointer) => number,
    processRaw: sphinx.func('int ps_process_raw(void *decoder, const int16_t *samples, size_t count, int no_search, int whole)') as
    (decoder: Pointer, samples: Int16Array, count: number, noSearch: number, whole: number) => number,
    endUtterance: sphinx.func('int ps_end_utt(void *decoder)') as (decoder: Pointer) => number,
    hypothesis: sphinx.func('const char *ps_get_hyp(void *decoder, void *score)') as (decoder: Pointer, score: null) => string | null,
    logarithms: sphinx.func('void *ps_get_logmath(void *decoder)') as (decoder: Pointer) => Pointer,
    firstSegment: sphinx.func('void *ps_seg_iter(void *decoder, void *score)') as (decoder: Pointer, score: null) => Pointer,
    nextSegment: sphinx.func('void *ps_seg_next(void *segment)') as (segment: Pointer) => Pointer,
    segmentWord: sphinx.func('const char *ps_seg_word(void *segment)') as (segment: Pointer) => string,
    segmentProbability: sphinx.func('int ps_seg_prob(void *segment, void *acoustic, void *language, void *backoff)') as
    (segment: Pointer, acoustic: null, language: null, backoff: null) => number,
  }
}

function segments(library: ReturnType<typeof bind>, decoder: Pointer): RecognisedWord[] {
  const words: RecognisedWord[] = []
  const logarithms = library.logarithms(decoder)
  for (let segment = library.firstSegment(decoder, null); segment; segment = library.nextSegment(segment)) {
    const word = library.segmentWord(segment)
    // Fillers: <s>, </s>, <sil>, [NOISE], [SPEECH].
    if (/^[<[]/.test(word)) continue
    const confidence = Math.min(1, library.exponent(logarithms, library.segmentProbability(segment, null, null, null)))
    // A second pronunciation is written "read(2)".
    words.push({ text: word.replace(/\(\d+\)$/, ''), confidence })
  }
  return words
}
