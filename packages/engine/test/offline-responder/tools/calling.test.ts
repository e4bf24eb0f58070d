import { describe, expect, it } from 'vitest'
import { answerTo } from './toolbox.ts'

type Case = [said: string, name: string, args: Record<string, unknown>]
const cases: Case[] = [
  ['What\'s the weather in Tokyo?', 'get_weather', { location: 'Tokyo' }],
  ['whats the whether in new york tomorrow', 'get_weather', { location: 'New York', date: '2026-03-04' }],
  ['will it rain in paris on friday', 'get_weather', { location: 'Paris', date: '2026-03-06' }],
  ['weather in Sao Paulo please', 'get_weather', { location: 'Sao Paulo' }],
  ['how hot is it in Cairo in fahrenheit', 'get_weather', { location: 'Cairo', unit: 'fahrenheit' }],
  ['tell me the weather for Berlin in metric', 'get_weather', { location: 'Berlin', unit: 'celsius' }],
  ['Set a timer for five minutes', 'set_timer', { duration_seconds: 300 }],
  ['set a timer for an hour and a half', 'set_timer', { duration_seconds: 5400 }],
  ['start a countdown of 90 seconds called eggs', 'set_timer', { duration_seconds: 90, label: 'eggs' }],
  ['said a timer for two minutes', 'set_timer', { duration_seconds: 120 }],
  ['Book a table for four tomorrow at seven', 'book_table', { party_size: 4, date: '2026-03-04', time: '19:00' }],
  ['book a cable for two people tonight at eight thirty', 'book_table', { party_size: 2, date: '2026-03-03', time: '20:30' }],
  ['reserve a table for 6 on march fifth at 12:30', 'book_table', { party_size: 6, date: '2026-03-05', time: '12:30' }],
  ['i would like to book a table at half past seven p m next friday for three people', 'book_table', { party_size: 3, date: '2026-03-06', time: '19:30' }],
  ['Turn on the light in the kitchen', 'turn_on_light', { room: 'kitchen' }],
  ['turn on the living room light', 'turn_on_light', { room: 'living room' }],
  ['switch on the lamp in the bedroom at fifty percent', 'turn_on_light', { room: 'bedroom', brightness: 50 }],
  ['Search my orders for headphones', 'search_orders', { query: 'headphones' }],
  ['show me my shipped orders', 'search_orders', { status: 'shipped' }],
  ['Add two bottles of milk to my cart', 'addToCart', { product: 'bottles of milk', quantity: 2 }],
  ['put oat milk in my basket', 'addToCart', { product: 'oat milk', quantity: 1 }],
  ['Convert 100 dollars to euros', 'convert_currency', { amount: 100, from_currency: 'USD', to_currency: 'EUR' }],
  ['how much is two hundred and fifty yen in dollars', 'convert_currency', { amount: 250, from_currency: 'JPY', to_currency: 'USD' }],
  ['Send an email to anna@example.com saying I will be late', 'send_email', { to: 'anna@example.com', body: 'I will be late' }],
  ['send a mail to bob at example dot org saying see you tomorrow', 'send_email', { to: 'bob@example.org', body: 'see you tomorrow' }],
  ['Create an event called team lunch tomorrow at noon', 'create_event', { title: 'team lunch', start: '2026-03-04T12:00:00Z' }],
  ['put an appointment titled dentist in my calendar for thursday at 9 am for 30 minutes', 'create_event', { title: 'dentist', start: '2026-03-05T09:00:00Z', duration_minutes: 30 }],
  ['Set the thermostat to twenty one and a half degrees', 'set_thermostat', { temperature: 21.5 }],
  ['Where is my order number 4 7 1 1', 'get_order_status', { order_id: '4711' }],
  ['what is the status of order A-1234', 'get_order_status', { order_id: 'A-1234' }],
  ['play some jazz by Miles Davis', 'play_music', { query: 'jazz by Miles Davis' }],
  ['play bohemian rhapsody', 'play_music', { query: 'bohemian rhapsody' }],
  ['add eggs, butter and bread to my shopping list', 'add_shopping_items', { items: ['eggs', 'butter', 'bread'] }],
  ['what time is it in Osaka', 'get_current_time', { city: 'Osaka' }],
  ['find a flight from London to New York on 2026-04-01 for 2 passengers', 'search_flights', { origin: 'London', destination: 'New York', departure_date: '2026-04-01', passengers: 2 }],
]

describe('a tool that was asked for', () => {
  it.each(cases)('%s', async (said, name, args) => {
    const { said: preamble, calls } = await answerTo(said)
    expect(calls).toEqual([{ name, args }])
    expect(preamble.trim()).not.toBe('')
  })
})

describe('small talk calls no tool', () => {
  it.each([
    'hello', 'good morning', 'how are you', 'thank you very much', 'what is your name', 'tell me a joke', 'tell me a story', 'I love the weather in spring', 'what light reading do you like',
    'can you recommend a good book', 'what is seven times eight', 'count to ten', 'who are you', 'yes', 'no', 'stop', 'goodbye', 'my name is Aya', 'I am fine', 'what can you do', 'do not turn on the light in the kitchen',
    'say that again', 'the music was nice', 'i had a table once', 'flip a coin', '', '...', '🎧', '会話',
  ])('%s', async said => {
    expect((await answerTo(said)).calls).toEqual([])
  })
})
