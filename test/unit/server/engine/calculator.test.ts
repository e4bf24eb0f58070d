import { afterEach, describe, expect, it } from 'vitest'
import { createOfflineResponder } from '@kaiwa/engine'
import { calculate } from '../../../../server/engine/calculation.ts'
import { createCalculator, type Calculator } from '../../../../server/engine/calculator.ts'

describe('what the calculator works out', () => {
  it.each([
    ['12*7', '84'], ['(25/100*80)', '20'], ['17 mod 5', '2'], ['cbrt(27)', '3'], ['(-5)+7', '2'], ['2^10', '1024'], ['1/0', 'Infinity'], ['0/0', 'NaN'],
    ['sqrt(0-1)+2', 'NaN'], ['10 mile to km', '16.09344 km'], ['5000 ft to m', '1524 m'], ['212 degF to degC', '100 degC'], ['60 mile/hour to km/hour', '96.56064 km / hour'], ['9^9^9^9', 'Infinity'],
  ])('%s is %s', (expression, result) => {
    const [value, ...unit] = calculate(expression).split(' ')
    const [wanted, ...wantedUnit] = result.split(' ')
    if (wanted === 'NaN') expect(value).toBe('NaN')
    else expect(Number(value)).toBeCloseTo(Number(wanted), 6)
    expect(unit).toEqual(wantedUnit)
  })

  it.each([
    'f(x)=x', 'import({})', 'import(1)', 'createUnit(a)', 'evaluate(1)', 'parse(1)', 'x=3', '1;2', '"a"', 'cos(1)', '[1,2]', '1:9', 'pi', 'e', 'config({})', 'a.b', 'true', '10!', '1 > 2 ? 3 : 4',
    'factorial(170)', 'constructor', 'sqrt', '__proto__', '10 mile to kg', '', ' ', `1${'+1'.repeat(300)}`, `${'('.repeat(190)}1${')'.repeat(190)}+${'1+'.repeat(8)}1`,
  ])('refuses %s', expression => { expect(() => calculate(expression)).toThrow() })
})

describe('the calculator in its worker', () => {
  let calculator: Calculator | undefined
  afterEach(() => calculator?.close())

  it('answers a spoken sum and a conversion through the offline responder', async () => {
    const { evaluate } = calculator = createCalculator()
    const responder = createOfflineResponder({ now: () => new Date(0), timeZone: 'UTC', random: () => 0, evaluate })
    const ask = async (text: string) => {
      let answer = ''
      for await (const piece of responder.respond({ instructions: '', turns: [{ role: 'user', text }], signal: new AbortController().signal })) answer += piece
      return answer
    }
    expect(await ask('what is twelve times seven')).toBe('12 times 7 is 84.')
    expect(await ask('twenty five percent of eighty')).toBe('25 percent of 80 is 20.')
    expect(await ask('convert ten miles to kilometers')).toBe('10 miles is about 16.09 kilometers.')
    expect(await ask('what is ten divided by zero')).toBe('10 divided by 0 has no answer: it divides by zero.')
  })

  it('refuses what is no arithmetic, and goes on', async () => {
    calculator = createCalculator()
    await expect(calculator.evaluate('import({})')).rejects.toThrow('no arithmetic')
    expect(await calculator.evaluate('1+1')).toBe('2')
  })

  it('starts anew after it had been idle', async () => {
    calculator = createCalculator({ idleMs: 0 })
    expect(await calculator.evaluate('1+1')).toBe('2')
    await new Promise(resolve => { setTimeout(resolve, 1) })
    expect(await calculator.evaluate('2+2')).toBe('4')
  })

  it('says so when the worker can\'t start, and after it was closed', async () => {
    calculator = createCalculator({ workerUrl: new URL('./missing.worker.ts', import.meta.url), startTimeoutMs: 300 })
    await expect(calculator.evaluate('1+1')).rejects.toThrow('not ready after 300 ms')
    await calculator.close()
    await expect(calculator.evaluate('1+1')).rejects.toThrow('closed')
  })
})
