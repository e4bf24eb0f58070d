import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf, MAX_TOKENS, readTranscriptionUsage, readUsage, transcriptionCost, type Tokens } from '../../../../server/metering/cost.ts'
import { createPrices } from '../../../../server/metering/prices.ts'

interface Golden { name: string, usage: unknown }
const golden = (file: string) => JSON.parse(readFileSync(new URL(`../../../fixtures/usage/${file}.json`, import.meta.url), 'utf8')) as Golden[]
const prices = createPrices('built_in')
const of = (model: string) => prices.model(model)!.prices
const usd = (usage: unknown, model: string) => costOf(readUsage(usage)!, of(model)).total / 1e9

describe('what documented usage costs, worked out by hand (tokens × dollars per million)', () => {
  const byHand: Record<string, { full: number, mini: number }> = {
    'the reference\'s example: a first answer, part of the instructions cached': {
      full: 0.0072056, // 55×4 + 64×0.4 + 13×32 + 30×24 + 91×64 = 220 + 25.6 + 416 + 720 + 5824
      mini: 0.00205884, // 55×0.6 + 64×0.06 + 13×10 + 30×2.4 + 91×20 = 33 + 3.84 + 130 + 72 + 1820
    },
    'deep in a conversation: nearly all input is cached, audio too': {
      full: 0.0250368, // 108×4 + 1792×0.4 + 160×32 + 3840×0.4 + 78×24 + 240×64 = 432 + 716.8 + 5120 + 1536 + 1872 + 15360
      mini: 0.00791152, // 108×0.6 + 1792×0.06 + 160×10 + 3840×0.3 + 78×2.4 + 240×20 = 64.8 + 107.52 + 1600 + 1152 + 187.2 + 4800
    },
    'a question about a picture': {
      full: 0.0142352, // 172×4 + 128×0.4 + 100×32 + 488×5 + 512×0.5 + 50×24 + 100×64 = 688 + 51.2 + 3200 + 2440 + 256 + 1200 + 6400
      mini: 0.00366224, // 172×0.6 + 128×0.06 + 100×10 + 488×0.8 + 512×0.08 + 50×2.4 + 100×20 = 103.2 + 7.68 + 1000 + 390.4 + 40.96 + 120 + 2000
    },
    'a typed answer to a typed question': { full: 0.000788, mini: 0.0001038 }, // 125×4 + 12×24; 125×0.6 + 12×2.4
    'interrupted: a cancelled response that says what it took': { full: 0.0092, mini: 0.0025 }, // 420×4 + 80×32 + 20×24 + 70×64; 252 + 800 + 48 + 1400
    'an older server\'s: cached tokens without details, no images': {
      // 384 cached save least as 300 of text and 84 of audio: 300×0.4 + 416×32 + 84×0.4 + 40×24 + 160×64 = 120 + 13312 + 33.6 + 960 + 10240
      full: 0.0246656,
      mini: 0.0074992, // 300×0.06 + 416×10 + 84×0.3 + 40×2.4 + 160×20 = 18 + 4160 + 25.2 + 96 + 3200
    },
    'totals only': { full: 0.016, mini: 0.005 }, // all as audio: 100×32 + 200×64; 100×10 + 200×20
  }

  it.each(golden('responses'))('$name', ({ name, usage }) => {
    expect(usd(usage, 'gpt-realtime-2.1')).toBe(byHand[name]!.full)
    expect(usd(usage, 'gpt-realtime-2.1-mini')).toBe(byHand[name]!.mini)
    expect(usd(usage, 'kaiwa-local')).toBe(0)
  })

  it('has a figure for every fixture', () => {
    expect(golden('responses').map(({ name }) => name).sort()).toEqual(Object.keys(byHand).sort())
  })

  it('older models pay less for text', () => {
    expect(usd(golden('responses')[0]!.usage, 'gpt-realtime-1.5')).toBe(0.0069656) // 30 × (24 − 16) less
  })

  it('transcriptions by tokens and by time', () => {
    const [tokens, time] = golden('transcriptions').map(({ usage }) => readTranscriptionUsage(usage)!)
    const cost = (use: NonNullable<typeof time>, model: string) => transcriptionCost(use, prices.transcription(model, 'gpt-realtime')!.prices)
    expect(cost(tokens!, 'gpt-4o-transcribe')).toBe(132_500) // 17×2.5 + 9×10 = 132.5 µ$
    expect(cost(tokens!, 'gpt-4o-mini-transcribe')).toBe(66_250)
    expect(cost(time!, 'gpt-live-transcribe')).toBe(1_983_334) // 7/60 × 0.017 $, the last part of a nano-dollar whole
    expect(cost(time!, 'gpt-transcribe')).toBe(525_000)
    // 1.7 s by time, 70 tokens by tokens: reported in the unit that isn't billed.
    expect(cost(tokens!, 'gpt-transcribe')).toBe(127_500)
    expect(cost(time!, 'gpt-4o-transcribe')).toBe(175_000)
  })
})

describe('incomplete usage', () => {
  it('is never charged less than the whole report would be', () => {
    fc.assert(fc.property(whole, fc.subarray(['cached', 'input', 'output']), (report, left) => {
      const part = structuredClone(report) as Record<string, Record<string, unknown> | number>
      if (!left.includes('cached')) delete (part.input_token_details as Record<string, unknown>).cached_tokens_details
      if (!left.includes('input')) delete part.input_token_details
      if (!left.includes('output')) delete part.output_token_details
      for (const model of ['gpt-realtime-2.1', 'gpt-realtime-2.1-mini']) expect(usd(part, model)).toBeGreaterThanOrEqual(usd(report, model))
    }))
  })

  it('says nothing when there is no number in it', () => {
    const silent = [null, undefined, 5, 'tokens', [], {}, { input_tokens: 'many' }, { input_tokens: Number.NaN }, { output_tokens: -3 }]
    for (const usage of silent) expect(readUsage(usage)).toBeUndefined()
    for (const usage of [null, {}, { type: 'duration', seconds: -1 }, { type: 'duration', seconds: '7' }]) expect(readTranscriptionUsage(usage)).toBeUndefined()
  })

  it('counts text as what it is when only the audio is missing', () => {
    const input = { input_tokens: 100, input_token_details: { text_tokens: 60, image_tokens: 0 } }
    const tokens = readUsage({ ...input, output_tokens: 50, output_token_details: { audio_tokens: 40 } })!
    expect(tokens.input).toEqual({ text: 60, audio: 40, image: 0 })
    expect(tokens.output).toEqual({ text: 10, audio: 40 })
  })

  it('whatever it is made of costs a bounded whole number, not below zero, and the parts are the sum', () => {
    const odd = fc.oneof(fc.anything(), fc.double(), fc.constant(Infinity), fc.maxSafeInteger())
    const modalities = { text_tokens: odd, audio_tokens: odd, image_tokens: odd }
    const some = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.oneof(odd, fc.record(fields, { requiredKeys: [] }))
    const details = some({ ...modalities, cached_tokens: odd, cached_tokens_details: some(modalities) })
    const usage = some({ input_tokens: odd, output_tokens: odd, input_token_details: details, output_token_details: details })
    fc.assert(fc.property(usage, any => {
      const tokens = readUsage(any)
      if (!tokens) return
      const cost = costOf(tokens, of('gpt-realtime-2.1'))
      expect(Number.isSafeInteger(cost.total) && cost.total >= 0).toBe(true)
      expect(cost.text + cost.audio + cost.image).toBe(cost.total)
      expect(cost.total).toBeLessThanOrEqual(MAX_TOKENS * (4000 + 32_000 + 5000 + 24_000 + 64_000))
    }))
  })
})

const tokens = fc.integer({ min: 0, max: 200_000 })
const portion = fc.double({ min: 0, max: 1, noNaN: true })
/** A report with everything in it that adds up. */
const amounts = { text: tokens, audio: tokens, image: tokens, outText: tokens, outAudio: tokens, share: fc.tuple(portion, portion, portion) }
const whole = fc.record(amounts).map(({ text, audio, image, outText, outAudio, share }) => {
  const cached = { text_tokens: Math.floor(text * share[0]), audio_tokens: Math.floor(audio * share[1]), image_tokens: Math.floor(image * share[2]) }
  return {
    input_tokens: text + audio + image, output_tokens: outText + outAudio,
    input_token_details: {
      text_tokens: text, audio_tokens: audio, image_tokens: image,
      cached_tokens: cached.text_tokens + cached.audio_tokens + cached.image_tokens, cached_tokens_details: cached,
    },
    output_token_details: { text_tokens: outText, audio_tokens: outAudio },
  }
})

describe('cached tokens', () => {
  const models = fc.constantFrom('gpt-realtime-2.1', 'gpt-realtime-2.1-mini', 'gpt-realtime', 'kaiwa-local')
  const fresh = (report: Tokens): Tokens => ({ ...report, cached: { text: 0, audio: 0, image: 0 } })

  it('never make an answer dearer, and save exactly the difference of the two prices', () => {
    fc.assert(fc.property(whole, models, (report, model) => {
      const read = readUsage(report)!
      const price = of(model)
      const saved = (['text', 'audio', 'image'] as const).reduce((sum, each) => sum + read.cached[each] * (price[each].in - price[each].cached), 0)
      expect(costOf(fresh(read), price).total - costOf(read, price).total).toBe(saved)
      expect(saved).toBeGreaterThanOrEqual(0)
    }))
  })

  it('are a part of the input: they aren\'t added to it', () => {
    fc.assert(fc.property(whole, report => {
      const { input, cached } = readUsage(report)!
      expect(input.text + input.audio + input.image).toBe(report.input_tokens)
      for (const each of ['text', 'audio', 'image'] as const) expect(cached[each]).toBeLessThanOrEqual(input[each])
    }))
  })

  it('can\'t be more than went in, whatever a server says', () => {
    const details = { text_tokens: 10, audio_tokens: 0, image_tokens: 0, cached_tokens: 900, cached_tokens_details: { text_tokens: 500, audio_tokens: 400 } }
    const { cached } = readUsage({ input_tokens: 10, input_token_details: details })!
    expect(cached).toEqual({ text: 10, audio: 0, image: 0 })
  })

  it('a conversation costs exactly the sum of its responses, in whatever order they are added', () => {
    fc.assert(fc.property(fc.array(whole, { maxLength: 40 }), reports => {
      const costs = reports.map(report => costOf(readUsage(report)!, of('gpt-realtime-2.1')).total)
      const sum = (list: number[]) => list.reduce((total, each) => total + each, 0)
      expect(sum(costs)).toBe(sum(costs.toReversed()))
    }))
  })
})
