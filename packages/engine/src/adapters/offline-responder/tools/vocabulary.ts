/** What words mean to the choice of a tool, as data. All words are in lower case; stems are compared. */

/** Verbs that tools are named with, and how people say them. `asks`: such a tool answers a question and changes nothing. */
export interface ToolVerb {
  said: readonly string[]
  asks: boolean
  preamble: string
  /** Said at the start it is enough by itself: few other things are meant by it. */
  alone?: true
}

const LOOK_UP = 'Let me look that up.'
const DO_IT = 'All right, one moment.'
const asking = (said: string, preamble = LOOK_UP): ToolVerb => ({ said: said.split(' ').filter(Boolean), asks: true, preamble })
const acting = (said: string, preamble = DO_IT): ToolVerb => ({ said: said.split(' ').filter(Boolean), asks: false, preamble })

const getting = asking('get show tell check give find look need want know read')
const searching = asking('search find look seek show get locate browse')
export const TOOL_VERBS: ReadonlyMap<string, ToolVerb> = new Map(Object.entries({
  get: getting, fetch: getting, read: getting, retrieve: getting, show: getting, tell: getting, describe: getting, view: getting,
  lookup: searching, look: searching, search: searching, find: searching, list: searching, query: searching, browse: searching,
  check: asking('check see verify look confirm tell is are', 'Let me check.'), track: asking('track follow find where', 'Let me check.'),
  convert: asking('convert change exchange turn make much many', 'Let me work that out.'), calculate: asking('calculate compute work much many', 'Let me work that out.'),
  compute: asking('calculate compute work much', 'Let me work that out.'), translate: { ...asking('translate say translation', 'Let me work that out.'), alone: true },
  set: acting('set start make put create begin change turn adjust said'), start: acting('start set begin launch run'), create: acting('create make put add new set open start write'),
  make: acting('make book create cook get'), add: acting('add put include throw place want at ad append'), remove: acting('remove delete take drop clear'),
  delete: acting('delete remove erase cancel clear'), cancel: acting('cancel stop delete drop call council'), stop: acting('stop end cancel halt quit'),
  turn: acting('turn switch put flip shut make'), switch: acting('switch turn put flip'), toggle: acting('toggle turn switch flip'), dim: acting('dim lower turn'),
  book: acting('book reserve get make need want look'), reserve: acting('reserve book get make'), schedule: acting('schedule book plan arrange set make put'),
  order: acting('order buy get want purchase'), buy: acting('buy order purchase get'), send: acting('send write mail message text tell sent'),
  play: { ...acting('play put start hear listen'), alone: true }, pause: acting('pause stop hold'), call: acting('call phone ring dial'), open: acting('open start launch'), close: acting('close shut'),
  update: acting('update change set edit move'), change: acting('change set update switch'), move: acting('move change shift'), remind: { ...acting('remind remember'), alone: true },
  navigate: { ...acting('navigate drive take go get directions'), alone: true }, lock: acting('lock'), unlock: acting('unlock open'), pay: acting('pay settle'), transfer: acting('transfer send move'),
  save: acting('save keep store note'), report: acting('report file tell'), transfer_call: acting('transfer'), end: acting('end stop finish'), log: acting('log record note'),
}))

/** Other words for what tools are about. */
export const LIKE_WORDS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  weather: 'whether wether rain raining rainy snow snowing sunny sun temperature forecast hot cold umbrella degrees windy cloudy warm', forecast: 'weather whether',
  temperature: 'degrees warm hot cold thermostat heating', timer: 'countdown time_or timers diner', alarm: 'wake', reminder: 'remind', table: 'reservation restaurant dinner seat lunch tables cable',
  reservation: 'table book restaurant', restaurant: 'table dinner eat', light: 'lamp lights bulb lighting like', lights: 'lamp light', order: 'package parcel delivery purchase shipment bought orders',
  cart: 'basket bag trolley card', basket: 'cart', currency: 'dollar euro pound yen franc exchange rate buck rupee won yuan', music: 'song track tune playlist album', song: 'music track tune',
  email: 'mail message', mail: 'email message', message: 'text sms', calendar: 'meeting appointment event schedule diary', event: 'meeting appointment', meeting: 'appointment event call',
  appointment: 'meeting booking visit', stock: 'share shares ticker', price: 'cost much', product: 'item goods', flight: 'plane fly airline', hotel: 'room stay', room: 'hotel', contact: 'number phone',
  news: 'headline', direction: 'route way get', route: 'way direction', distance: 'far', time: 'clock hour thyme', date: 'day', thermostat: 'heating temperature heat', door: 'gate',
  note: 'memo', todo: 'task list', task: 'todo', balance: 'money account', translation: 'translate', recipe: 'cook cooking dish', joke: 'funny', volume: 'loud louder quieter', taxi: 'cab ride', ride: 'cab taxi car',
}).map(([word, like]) => [word, like.split(' ')]))

/** Parts of a tool's name that say little about what it is for. */
export const VAGUE_WORDS = new Set(('current new my all by for the to a an of in on off at with from info information detail data name id list user item status number value result '
  + 'tool function api v1 v2 do it and or is now today latest').split(' '))

/** Words of a description that say nothing about what the tool is for. */
export const DESCRIPTION_STOPS = new Set(('the a an of for in on at to by with from and or not is are be this that these those it its use used using user users given when where which who whose what how '
  + 'tool function call calls called return returns get gets set sets find show look search add make check tell current specific provided based will can must should may any all one new optional required '
  + 'name names value values list string number information info details data please want wants ask asks your their they you about if as into per e g such like example including also only has have').split(' '))

export const QUESTION_WORDS = new Set('what how where when which who whose why is are do does did can could will would should any tell show check give find get look search read'.split(' '))

/** No plurals: "seven times eight" is not about time. */
const THEMSELVES = new Set(['times', 'news', 'always', 'this', 'does', 'yes'])

/** A light stem: enough to see "orders" in "order". */
export function stem(word: string): string {
  if (THEMSELVES.has(word)) return word
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (word.length > 5 && word.endsWith('ing')) return word.slice(0, -3).replace(/([^aeiouls])\1$/u, '$1')
  if (word.length > 4 && word.endsWith('ed')) return word.slice(0, -2).replace(/([^aeiouls])\1$/u, '$1')
  if (word.length > 4 && /(?:[sx]|ch|sh)es$/u.test(word)) return word.slice(0, -2)
  if (word.length > 3 && word.endsWith('s') && !word.endsWith('ss')) return word.slice(0, -1)
  return word
}

/** `getWeatherForecast`, `get_weather-forecast` → get, weather, forecast. */
export function wordsOfName(name: string): string[] {
  return name.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2').toLowerCase().match(/[\p{L}\d]+/gu) ?? []
}
