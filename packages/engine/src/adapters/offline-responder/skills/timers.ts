/**
 * Timers without a memory: an answer says when the timer ends, and later answers read it there. The responder only speaks when
 * spoken to, so it says that it won't ring, and tells of a timer that has ended with its next answer.
 */

import type { SpokenTurn } from '../../../stages.ts'
import type { Intent, Skill, SkillContext } from '../skill.ts'
import { findUnits } from '../units.ts'
import { readUtterance, textsOf } from '../utterance.ts'
import { clockTimeWithSeconds } from './time.ts'

const SECONDS_OF: ReadonlyMap<string, number> = new Map(Object.entries({ s: 1, minute: 60, hour: 3600, day: 86_400 }))
const MAX_SECONDS = 86_400
const DAY_MS = 86_400_000

interface Timer { name: string, endsAtMs: number, endsAt: string }

/** "two minutes", "an hour and a half", "one minute and thirty seconds"; 0 when there is none. */
export function durationSeconds(words: readonly string[]): number {
  const loose = (word: string, before: string | undefined) => /^(?:to|too)$/u.test(word) || (word === 'for' && (before === 'for' || before === 'is'))
  const mentions = findUnits(words, loose)
  let seconds = 0
  for (const { unit, amount, to } of mentions) {
    const size = SECONDS_OF.get(unit.symbol)
    if (size === undefined || amount === undefined || amount < 0) continue
    const half = words[to] === 'and' && words[to + 1] === 'a' && words[to + 2] === 'half' ? 0.5 : 0
    seconds += (amount + half) * size
  }
  return Math.round(seconds)
}

const count = (amount: number, one: string): string => `${amount} ${one}${amount === 1 ? '' : 's'}`

export function sayDuration(seconds: number): string {
  const parts = [[Math.floor(seconds / 3600), 'hour'], [Math.floor(seconds % 3600 / 60), 'minute'], [seconds % 60, 'second']] as const
  const said = parts.filter(([amount]) => amount > 0).map(([amount, one]) => count(amount, one))
  return said.length > 0 ? said.join(' and ') : '0 seconds'
}

/** The end was written as a time of day: it lies at most one duration after now, or in the past. */
function endOf(timeOfDay: string, durationMs: number, { now, timeZone }: Pick<SkillContext, 'now' | 'timeZone'>): number {
  const secondsOfDay = (text: string): number => {
    const [, hour = '0', minute = '0', second = '0', half = 'AM'] = /(\d+):(\d+):(\d+) ([AP]M)/u.exec(text) ?? []
    return (Number(hour) % 12 + (half === 'PM' ? 12 : 0)) * 3600 + Number(minute) * 60 + Number(second)
  }
  const nowMs = now().getTime()
  const sinceMidnight = secondsOfDay(clockTimeWithSeconds(now(), timeZone))
  const aheadMs = (secondsOfDay(timeOfDay) - sinceMidnight) * 1000
  const nearest = [aheadMs, aheadMs + DAY_MS, aheadMs - DAY_MS].filter(ms => ms <= durationMs + 1000)
  return nowMs + Math.max(...nearest)
}

const SET = /Your timer of ([^.]{1,80}?) runs until (\d{1,2}:\d{2}:\d{2} [AP]M)/gu
const ENDED = /Your timer of ([^.]{1,80}?) ended at (\d{1,2}:\d{2}:\d{2} [AP]M)/gu
const CANCELLED = 'Timer cancelled.'

/** Timers set in this call, not cancelled and not yet told to have ended. */
export function timersOf(turns: readonly SpokenTurn[], context: Pick<SkillContext, 'now' | 'timeZone'>): Timer[] {
  let timers: Timer[] = []
  for (const { role, text } of turns) {
    if (role !== 'assistant') continue
    if (text.includes(CANCELLED)) timers = []
    for (const [, name = '', endsAt = ''] of text.matchAll(ENDED)) timers = timers.filter(timer => timer.name !== name || timer.endsAt !== endsAt)
    for (const [, name = '', endsAt = ''] of text.matchAll(SET)) {
      const durationMs = durationSeconds(textsOf(readUtterance(name))) * 1000
      timers = [...timers.filter(timer => timer.name !== name || timer.endsAt !== endsAt), { name, endsAt, endsAtMs: endOf(endsAt, durationMs, context) }]
    }
  }
  return timers
}

/** What to add to an answer about timers that have ended meanwhile. */
export function endedTimersNotice(turns: readonly SpokenTurn[], context: Pick<SkillContext, 'now' | 'timeZone'>): string {
  const nowMs = context.now().getTime()
  return timersOf(turns, context).filter(timer => timer.endsAtMs <= nowMs).slice(-3)
    .map(({ name, endsAt }) => `Your timer of ${name} ended at ${endsAt}.`).join(' ')
}

const setTimer: Skill = context => {
  const seconds = durationSeconds(textsOf(context.utterance))
  if (seconds <= 0) return 'For how long? Say it like this: set a timer for two minutes.'
  if (seconds > MAX_SECONDS) return 'That is too long for me: I keep timers of up to a day.'
  const endsAt = clockTimeWithSeconds(new Date(context.now().getTime() + seconds * 1000), context.timeZone)
  const again = context.turns.some(({ role, text }) => role === 'assistant' && text.includes('I only speak when spoken to'))
  const honest = again ? 'Ask me how much is left.' : 'I only speak when spoken to, so it won\'t ring: ask me how much is left, and I\'ll tell you with my next answer when it is over.'
  return `Your timer of ${sayDuration(seconds)} runs until ${endsAt}. ${honest}`
}

const timeLeft: Skill = context => {
  const nowMs = context.now().getTime()
  const running = timersOf(context.turns, context).filter(timer => timer.endsAtMs > nowMs).slice(-3)
  if (running.length === 0) return endedTimersNotice(context.turns, context) || 'No timer is running.'
  return running.map(({ name, endsAtMs }) => `${sayDuration(Math.max(1, Math.round((endsAtMs - nowMs) / 1000)))} left on your timer of ${name}.`).join(' ')
}

const cancelTimer: Skill = context => timersOf(context.turns, context).length > 0 ? CANCELLED : 'No timer is running.'

const setsTimer = (words: readonly string[]): boolean => durationSeconds(words) > 0 && !words.includes('left')
  && words.some(word => ['timer', 'time', 'alarm', 'remind', 'wake', 'countdown', 'timers', 'timing', 'tie'].includes(word))

/** A time span alone is most of "set a timer for two minutes", its beginning misheard: offered, not done. */
const offerTimer: Skill = ({ utterance }) => {
  const span = sayDuration(durationSeconds(textsOf(utterance)))
  return `I heard "${utterance.shown.slice(0, 80)}". If you want a timer, say: set a timer for ${span}.`
}

export const timerIntents: readonly Intent[] = [
  { name: 'timer-cancel', cues: ['stop|cancel|delete|end|clear|remove|until timer|alarm|timers|diner|time_or'], answer: cancelTimer },
  {
    name: 'timer-left',
    cues: ['how_much|how_long|what time left|remaining|remains', 'how_much|how_long|what timer|alarm', 'time left|remaining', 'is timer|alarm done|over|finished|ready|up', 'how_many minutes|seconds left|remaining', 'check timer', 'timer status', 'timer left', 'is_the timer|alarm', 'how_long left|remaining'],
    answer: timeLeft,
  },
  {
    name: 'timer',
    recognise: utterance => {
      const words = textsOf(utterance)
      return setsTimer(words) && !words.some(word => ['what', 'how', 'cancel', 'stop'].includes(word)) ? 4.5 : 0
    },
    cues: ['set|start|make|create|begin|said timer|alarm|time_or …', '^timer', 'remind me|us …', '^wake_me …', '^alarm'],
    answer: setTimer,
  },
  { name: 'timer-offer', recognise: utterance => durationSeconds(textsOf(utterance)) > 0 && utterance.words.length <= 7 ? 0.5 : 0, answer: offerTimer },
]
