import { createOfflineResponder } from '../../../src/index.ts'
import type { ResponderPiece, ResponderRequest, ResponderTool, ResponderTurn } from '../../../src/index.ts'
import { still, user } from '../asking.ts'

type Schema = Record<string, unknown>
const tool = (name: string, description: string, properties: Record<string, Schema> = {}, required: string[] = []): ResponderTool =>
  ({ name, description, parameters: { type: 'object', properties, required } })
const text = (description = '') => ({ type: 'string', description })

/** Tools as people really declare them. */
export const toolbox: ResponderTool[] = [
  tool('get_weather', 'Get the current weather or the forecast for a city.', {
    location: text('City and country, such as Tokyo, Japan'), unit: { type: 'string', enum: ['celsius', 'fahrenheit'], description: 'celsius (metric) or fahrenheit (imperial)' }, date: { type: 'string', format: 'date' },
  }, ['location']),
  tool('set_timer', 'Start a countdown timer.', { duration_seconds: { type: 'integer', minimum: 1 }, label: text('What the timer is for') }, ['duration_seconds']),
  tool('book_table', 'Book a table at a restaurant.', {
    restaurant: text('Name of the restaurant'), party_size: { type: 'integer', minimum: 1, maximum: 20 }, date: { type: 'string', format: 'date' }, time: text('Time of day, HH:MM'),
  }, ['party_size', 'date', 'time']),
  tool('turn_on_light', 'Turns on the light in a room.', { room: text('The room'), brightness: { type: 'integer', minimum: 0, maximum: 100 } }, ['room']),
  tool('search_orders', 'Search the customer\'s orders.', { query: text('Words to search for'), status: { type: 'string', enum: ['pending', 'shipped', 'delivered', 'cancelled'] } }),
  tool('addToCart', 'Adds a product to the shopping cart.', { product: text('Name of the product'), quantity: { type: 'integer', default: 1 } }, ['product', 'quantity']),
  tool('convert_currency', 'Converts an amount from one currency to another.', { amount: { type: 'number' }, from_currency: text('ISO 4217 code'), to_currency: text('ISO 4217 code') }, ['amount', 'from_currency', 'to_currency']),
  tool('send_email', 'Send an email to somebody.', { to: { type: 'string', format: 'email' }, subject: text(), body: text('The text of the message') }, ['to', 'body']),
  tool('create_event', 'Creates an event in the calendar.', { title: text(), start: { type: 'string', format: 'date-time' }, duration_minutes: { type: 'integer' } }, ['title', 'start']),
  tool('set_thermostat', 'Set the temperature of the heating.', { temperature: { type: 'number' }, mode: { type: 'string', enum: ['heat', 'cool', 'off'] } }, ['temperature']),
  tool('get_order_status', 'Get the delivery status of one order.', { order_id: text('Number of the order') }, ['order_id']),
  tool('play_music', 'Play a song, an album or an artist.', { query: text('Song, album or artist'), shuffle: { type: 'boolean' } }, ['query']),
  tool('add_shopping_items', 'Adds items to the shopping list.', { items: { type: 'array', items: { type: 'string' } } }, ['items']),
  tool('get_current_time', 'Get the current time in a city.', { city: text() }, ['city']),
  tool('search_flights', 'Search for flights between two cities.', {
    origin: text('City of departure'), destination: text('City of arrival'), departure_date: { type: 'string', format: 'date' }, passengers: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
  }, ['origin', 'destination']),
]

export const named = (...names: string[]) => toolbox.filter(({ name }) => names.includes(name))

export interface Answer { said: string, calls: { name: string, args: Record<string, unknown> }[] }

/** What the offline responder says and calls. Tuesday, March 3, 2026, 15:05 in UTC. */
export async function answerTo(asked: string | ResponderTurn[], request: Partial<ResponderRequest> = {}, world: Partial<typeof still> = {}): Promise<Answer> {
  const pieces: ResponderPiece[] = []
  const turns = typeof asked === 'string' ? [user(asked)] : asked
  const responder = createOfflineResponder({ ...still, ...world })
  for await (const piece of responder.respond({ instructions: '', turns, tools: toolbox, signal: new AbortController().signal, ...request })) pieces.push(piece)
  const answer: { said: string, calls: { name: string, json: string }[] } = { said: '', calls: [] }
  for (const piece of pieces) {
    if (typeof piece === 'string') answer.said += piece
    else if (piece.kind === 'tool_call') answer.calls.push({ name: piece.name, json: '' })
    else answer.calls.at(-1)!.json += piece.delta
  }
  return { said: answer.said, calls: answer.calls.map(({ name, json }) => ({ name, args: JSON.parse(json) as Record<string, unknown> })) }
}
