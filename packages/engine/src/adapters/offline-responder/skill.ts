import type { SpokenTurn } from '../../stages.ts'
import type { CueLine } from './cues.ts'
import type { Utterance } from './utterance.ts'

/** The world as the skills may know it. */
export interface Surroundings {
  now: () => Date
  /** IANA name, such as `Asia/Tokyo`. */
  timeZone: string
  /** 0 (included) to 1 (excluded). */
  random: () => number
  /**
   * Works out an expression (digits, `+ - * / ^ mod ( )`, `sqrt`, `cbrt`, and `10 mile to km`); resolves with the result as text.
   * Rejects when it can't, within seconds.
   */
  evaluate: (expression: string) => Promise<string>
}

export interface SkillContext extends Surroundings {
  /** What is answered now. */
  utterance: Utterance
  /** Everything said before it. */
  turns: readonly SpokenTurn[]
  instructions: string
  /** The whole answer that the last user turn of `turns` gets: to go on with, or to say again. */
  answerTo: (turns: readonly SpokenTurn[]) => Promise<string>
}

/** Pure but for what its context gives it. */
export type Skill = (context: SkillContext) => string | Promise<string>

/** One row of the intent table. */
export interface Intent {
  name: string
  cues?: readonly CueLine[]
  /** For what cues can't tell (a sum, a unit): a score on the same scale, 0 for no. */
  recognise?: (utterance: Utterance, turns: readonly SpokenTurn[]) => number
  answer: Skill
}

export function pick<T>(options: readonly [T, ...T[]], random: () => number): T {
  return options[Math.min(options.length - 1, Math.floor(random() * options.length))] ?? options[0]
}

/** Of the texts, one that hasn't been said in this call, else any. */
export function pickFresh(options: readonly [string, ...string[]], { turns, random }: SkillContext): string {
  const said = turns.filter(turn => turn.role === 'assistant').map(turn => turn.text)
  const [first, ...rest] = options.filter(option => !said.some(text => text.length > 0 && (text.includes(option) || option.startsWith(text))))
  return first === undefined ? pick(options, random) : pick([first, ...rest], random)
}
