import { describe, expect, it } from 'vitest'
import { tellOutput } from '../../../src/adapters/offline-responder/tools/telling.ts'

describe('what a tool gave back, in words', () => {
  it.each([
    ['It is sunny in Tokyo', 'It is sunny in Tokyo.'],
    ['"sunny"', 'Sunny.'],
    ['21.5', 'It\'s 21.5.'],
    ['true', 'Done.'], ['null', 'Done.'], ['{}', 'Done.'], ['', 'Done.'], ['{"ok":true}', 'Done.'], ['{"success":true,"id":"x1"}', 'Done.'],
    ['false', 'The answer is no.'],
    ['{"message":"Your table is booked."}', 'Your table is booked.'],
    ['{"status":"ok","result":{"text":"42 euros"}}', '42 euros.'],
    ['{"temperature_c":21,"condition":"sunny","wind_kmh":12.346}', 'The temperature is 21 degrees Celsius, the condition is sunny and the wind is 12.35 kilometers per hour.'],
    ['{"orderStatus":"shipped","order_id":"4711"}', 'The order status is shipped.'],
    ['{"result":3}', 'It\'s 3.'],
    ['[]', 'I found nothing.'], ['{"results":[]}', 'I found nothing.'],
    ['["milk","honey"]', 'I found 2: milk and honey.'],
    ['{"items":[{"name":"Headphones","price":49.9,"id":7}]}', 'I found one: Headphones, 49.9.'],
    ['[1,2,3,4,5,6,7]', 'I found 7: 1, 2, 3, 4, 5 and 2 more.'],
    ['{"content":[{"type":"text","text":"Hello from afar"}]}', 'Hello from afar.'],
    ['{"a":{"b":{"c":{"d":1}}}}', 'Done.'],
    ['{broken', 'Broken.'],
  ])('%s', (output, said) => { expect(tellOutput(output)).toBe(said) })

  it.each([
    ['{"error":"City not found"}', 'That didn\'t work: City not found.'],
    ['{"error":{"code":404,"message":"No such order"}}', 'That didn\'t work: No such order.'],
    ['{"success":false}', 'That didn\'t work.'],
    ['{"ok":false,"reason":"The shop is closed."}', 'That didn\'t work: The shop is closed.'],
    ['{"isError":true,"content":[{"type":"text","text":"no rights"}]}', 'That didn\'t work: no rights.'],
    ['{"status":"failed","message":"Out of milk"}', 'That didn\'t work: Out of milk.'],
    ['Error: timeout', 'That didn\'t work: timeout.'],
    ['An error occurred while running the tool. Please try again. Error: Error: boom', 'That didn\'t work: Error: boom.'],
  ])('says plainly that it failed: %s', (output, said) => { expect(tellOutput(output)).toBe(said) })

  it('reads a megabyte no further than a listener would listen', () => {
    expect(tellOutput('word '.repeat(200_000)).length).toBeLessThan(650)
    expect(tellOutput(JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field_${index}`, index])))).length).toBeLessThan(650)
  })

  it('speaks no markup', () => {
    expect(tellOutput('**Bold** <img onerror=x> \u202Eback\u0007')).not.toMatch(/[*<>\u202E]/)
  })
})
