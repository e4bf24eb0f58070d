import { floatToPcm16, rms } from '@kaiwa/audio'
import type { Responder, ResponderRequest, Stages, SynthesisRequest, Synthesizer, Transcriber, TranscriberStream, Vad } from '@kaiwa/engine'
import { createCallingResponder } from './calling-responder.ts'

/** Stages that need no model: quick, and the same every time. Parts can be replaced, to fail or to hang. */
export function createFakeStages(replaced: Partial<Stages> = {}): Stages {
  return {
    openVad: async () => createEnergyVad(),
    transcriber: createScriptedTranscriber(),
    responder: createCallingResponder(createEchoResponder()),
    synthesizer: createToneSynthesizer(),
    ...replaced,
  }
}

const loudness = (samples: Float32Array) => rms(floatToPcm16(samples))

/** Loud is speech. */
export function createEnergyVad({ loudRms = 0.01 } = {}): Vad {
  return {
    sampleRate: 16_000,
    frameSamples: 512,
    process: async frame => loudness(frame) >= loudRms ? 0.95 : 0.02,
    reset() {},
    close() {},
  }
}

/** Hears the given lines, one per turn, again and again; a word for every 300 ms of audio, and nothing in silence. */
export function createScriptedTranscriber(lines: string[] = ['go forward ten meters']): Transcriber {
  let turn = 0
  return {
    sampleRate: 16_000,
    open: () => createScriptedStream(lines[turn++ % lines.length] ?? ''),
  }
}

function createScriptedStream(line: string): TranscriberStream {
  const words = line.split(' ')
  let listener: (text: string) => void = () => {}
  let samplesHeard = 0
  let loud = false
  let wordsHeard = 0
  return {
    write(samples) {
      samplesHeard += samples.length
      loud ||= loudness(samples) > 0.005
      const now = loud ? Math.min(words.length, Math.floor(samplesHeard / 4800)) : 0
      if (now > wordsHeard) listener(words.slice(0, now).join(' '))
      wordsHeard = now
    },
    onPartial(next) { listener = next },
    finish: async () => ({ text: loud ? line : '', confidence: loud ? 0.9 : undefined }),
    cancel() {},
  }
}

const story = Array.from({ length: 12 }, (_, index) => `Part ${index + 1} of the story tells how the traveller went on through the quiet hills. `).join('')

/** Repeats what was said; asks back when it heard nothing; tells a long story when the word "story" falls. */
export function createEchoResponder(): Responder {
  return {
    async* respond({ turns, signal }: ResponderRequest) {
      const said = turns.findLast(turn => turn.role === 'user')?.text ?? ''
      const answer = /story/i.test(said) ? story : said ? `You said: ${said}. Is that right?` : 'Sorry, I did not catch that. Could you say it again?'
      for (const word of answer.split(/(?<= )/)) {
        if (signal.aborted) return
        yield word
      }
    },
  }
}

/** 60 ms of a 440 Hz tone for every character, in pieces of 250 ms. */
export function createToneSynthesizer({ sampleRate = 16_000 } = {}): Synthesizer {
  return {
    sampleRate,
    async* synthesize({ text, speed, signal }: SynthesisRequest) {
      const total = Math.round(text.length * 0.06 * sampleRate / speed)
      const piece = sampleRate / 4
      for (let from = 0; from < total && !signal.aborted; from += piece) {
        yield Float32Array.from({ length: Math.min(piece, total - from) }, (_, index) => 0.3 * Math.sin(2 * Math.PI * 440 * (from + index) / sampleRate))
      }
    },
  }
}
