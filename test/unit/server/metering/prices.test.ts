import { describe, expect, it } from 'vitest'
import { priceList } from '../../../../server/metering/price-list.ts'
import { createPrices, isFree, parsePriceList, PricesError } from '../../../../server/metering/prices.ts'

const own = (models: object, more: object = {}) => parsePriceList(JSON.stringify({ date: '2027-01-02', models, ...more }), 'prices.json')
const cheap = { text: { in: 1, cached: 0.1, out: 2 }, audio: { in: 3, cached: 0.3, out: 4 } }

describe('the built-in prices', () => {
  it('can be read like an operator\'s file', () => {
    expect(parsePriceList(JSON.stringify(priceList), 'built-in').date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
  })

  it('are in nano-dollars per token', () => {
    expect(createPrices('built_in').model('gpt-realtime-2.1')).toEqual({
      date: priceList.date,
      prices: { text: { in: 4000, cached: 400, out: 24_000 }, audio: { in: 32_000, cached: 400, out: 64_000 }, image: { in: 5000, cached: 500, out: 0 } },
    })
  })

  it.each([
    ['gpt-realtime-2025-08-28', 'gpt-realtime'],
    ['gpt-realtime-mini-2025-12-15', 'gpt-realtime-mini'],
    ['gpt-realtime-2.1-mini-2026-07-01', 'gpt-realtime-2.1-mini'],
    ['gpt-realtime-2.1-mini', 'gpt-realtime-2.1-mini'],
  ])('%s costs what %s does', (name, priced) => {
    const prices = createPrices('built_in')
    expect(prices.model(name)).toEqual(prices.model(priced))
  })

  it.each(['gpt-realtime-3', 'gpt-realtime-2.1-nano', 'gpt-realtime-2.1-mini-preview', 'gpt-realtim', 'gpt-realtime-', 'my-model', '', '__proto__', 'constructor'])(
    '%s has none: a like name is another model', name => expect(createPrices('built_in').model(name)).toBeUndefined())
})

describe('the operator\'s prices', () => {
  it('go before the built-in ones, model by model, with their own date', () => {
    const prices = createPrices('built_in', own({ 'gpt-realtime-2.1': cheap }))
    expect(prices.model('gpt-realtime-2.1')).toMatchObject({ date: '2027-01-02', prices: { text: { in: 1000 }, audio: { out: 4000 } } })
    expect(prices.model('gpt-realtime-2')).toMatchObject({ date: priceList.date, prices: { text: { in: 4000 } } })
  })

  it('are the only ones for a deployment\'s name, even when it is called like a model', () => {
    expect(createPrices('own').model('gpt-realtime')).toBeUndefined()
    expect(createPrices('own', own({ 'our-voice': cheap })).model('our-voice')).toBeDefined()
  })

  it('price images as audio when they say nothing of them', () => {
    expect(createPrices('own', own({ m: cheap })).model('m')!.prices.image).toEqual({ in: 3000, cached: 300, out: 4000 })
  })

  it.each([
    ['{', 'not JSON'],
    ['[]', 'the file'],
    ['{"models":{}}', '`date`'],
    [{ date: 'yesterday' }, '`date`'],
    [{ date: '2027-01-02', model: {} }, 'model'],
    [{ models: { m: { ...cheap, text: { in: -1, cached: 0, out: 1 } } } }, '`models → m → text → in`'],
    [{ models: { m: { ...cheap, text: { in: '4', cached: 0, out: 1 } } } }, '`models → m → text → in`'],
    [{ models: { m: { ...cheap, audio: { in: 1, cached: 2, out: 1 } } } }, '`models → m → audio → cached`: can\'t be more than `in`'],
    [{ models: { m: { ...cheap, audio: { in: 1.0001, cached: 0, out: 1 } } } }, 'at most three decimals'],
    [{ models: { m: 'gratis' } }, '`models → m`: takes prices or "free"'],
    [{ transcription: { t: { per_minute: -1 } } }, '`transcription → t → per_minute`'],
    [{ transcription: { t: { per_hour: 1 } } }, 'transcription → t'],
  ])('are refused in one sentence that names the file and the field: %j', (given, says) => {
    const text = typeof given === 'string' ? given : JSON.stringify({ date: '2027-01-02', ...given })
    const read = () => parsePriceList(text, 'data/prices.json')
    expect(read).toThrow(PricesError)
    expect(read).toThrow('data/prices.json')
    expect(read).toThrow(says)
  })
})

describe('what costs nothing', () => {
  it('is the embedded engine, whatever a client calls its model', () => {
    const prices = createPrices('free')
    for (const model of ['kaiwa-local', 'gpt-realtime-2.1', 'anything']) expect(isFree(prices.model(model)!.prices)).toBe(true)
    expect(prices.transcription('whisper-1', 'gpt-realtime-2.1')!.prices).toEqual({ by: 'time', perMinute: 0 })
  })
})

describe('transcription', () => {
  const prices = createPrices('built_in')

  it('costs what its own model costs, snapshots too', () => {
    expect(prices.transcription('gpt-4o-mini-transcribe-2025-12-15', 'gpt-realtime-2.1')!.prices).toEqual({ by: 'tokens', in: 1250, out: 5000 })
  })

  it.each(['gpt-4o-transcribe-diarize', 'some-model', undefined])('of %s counts as the dearest known: it can\'t be free', name => {
    expect(prices.transcription(name, 'gpt-realtime-2.1')!.prices).toEqual({ by: 'time', perMinute: 17_000_000 })
  })

  it('has no price where the call has none', () => {
    expect(prices.transcription('some-model', 'some-model')).toBeUndefined()
  })
})
