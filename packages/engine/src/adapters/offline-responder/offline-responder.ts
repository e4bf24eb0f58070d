import type { Responder, ResponderPiece, ResponderRequest, ResponderTurn, SpokenTurn } from '../../stages.ts'
import { chooseIntent } from './intent-table.ts'
import { splitSentences } from './sentences.ts'
import type { SkillContext, Surroundings } from './skill.ts'
import { openingWords } from './skills/courtesy.ts'
import { endedTimersNotice } from './skills/timers.ts'
import { isAllTold, planToolUse, tellOutputs, untoldOutputs } from './tools/tool-use.ts'
import type { ToolOffer, ToolPlan } from './tools/tool-use.ts'
import { answerToForeignText, answerToSilence, answerToUnknown, askIfThere } from './skills/unanswered.ts'
import { readUtterance } from './utterance.ts'

/** About five minutes of speech: no skill comes near it. */
export const MAX_ANSWER_CHARACTERS = 5000
/** An answer may go on with one that went on with one …: so far, then it is said anew. */
const MAX_LOOKING_BACK = 20
export type OfflineResponderOptions = Surroundings

const isSpoken = (turn: ResponderTurn): turn is SpokenTurn => turn.role !== 'tool_call' && turn.role !== 'tool_output'

type World = Omit<SkillContext, 'utterance' | 'turns' | 'answerTo'>

/** What the user said last and nobody answered: a pause may have parted one request into several turns. */
function splitAtQuestion(turns: readonly SpokenTurn[]): { before: SpokenTurn[], asked: string[] } {
  const spoken = turns.filter(turn => turn.role !== 'system')
  const lastAnswer = spoken.findLastIndex(turn => turn.role === 'assistant' && turn.text.trim() !== '')
  const asked = spoken.slice(lastAnswer + 1).filter(turn => turn.role === 'user').map(turn => turn.text)
  return { before: spoken.slice(0, Math.max(lastAnswer + 1, spoken.findLastIndex(turn => turn.role === 'user'))), asked }
}

async function answerTo(turns: readonly SpokenTurn[], world: World, depth: number): Promise<string> {
  const { before, asked } = splitAtQuestion(turns)
  const last = asked.at(-1)
  if (last === undefined) return before.length === 0 ? openingWords(world) : 'I\'m listening.'
  if (last.trim() === '') return turns.findLast(turn => turn.role === 'user')?.silent ? askIfThere(before) : answerToSilence(before)
  const foreign = answerToForeignText(last)
  if (foreign) return foreign

  const context = (text: string): SkillContext => ({
    ...world, utterance: readUtterance(text), turns: before,
    answerTo: async earlier => depth >= MAX_LOOKING_BACK ? '' : answerTo(earlier, world, depth + 1),
  })
  for (const text of asked.length > 1 ? [last, asked.slice(-3).join(' ')] : [last]) {
    const attempt = context(text)
    const intent = chooseIntent(attempt.utterance, before)
    if (intent) return intent.answer(attempt)
  }
  return answerToUnknown(context(last))
}

/** Adds what the talker should know by now, once. */
function withNotice(answer: string, turns: readonly SpokenTurn[], world: World): string {
  const notice = endedTimersNotice(turns, world)
  return notice && !answer.includes(notice) ? `${answer} ${notice}` : answer
}

/** What is to be said or called because of tools; `undefined`: the skills answer. */
function toolPlan(turns: readonly ResponderTurn[], offer: ToolOffer, { now, timeZone }: Surroundings): Exclude<ToolPlan, { kind: 'ask' }> | undefined {
  const told = tellOutputs(untoldOutputs(turns))
  const last = turns.findLast(turn => turn.role !== 'system')
  if (last?.role === 'tool_call') return { kind: 'say', text: 'I\'m still waiting for the result.' }
  // Some clients ask for a response after each of several outputs: what is told already is not told again.
  if (last?.role === 'tool_output' || isAllTold(turns)) return { kind: 'say', text: told }
  // What was asked since the output came is answered after it.
  const plan = planToolUse(turns, offer, { now: now(), timeZone })
  if (plan?.kind === 'ask') return { kind: 'say', text: [told, plan.question].filter(Boolean).join(' ') }
  return plan && told ? { ...plan, ...(plan.kind === 'call' ? { preamble: `${told} ${plan.preamble}` } : { text: `${told} ${plan.text}` }) } : plan
}

async function spokenAnswer(turns: readonly ResponderTurn[], world: World): Promise<string> {
  const spoken = turns.filter(isSpoken)
  const told = tellOutputs(untoldOutputs(turns))
  const answer = await answerTo(spoken, world, 0)
  const whole = withNotice(answer || 'I can\'t find that again. Please ask me once more.', spoken, world)
  return [told, whole].filter(Boolean).join(' ').slice(0, MAX_ANSWER_CHARACTERS)
}

/** Arguments come in pieces, as a model writes them. */
function* callsOf({ calls }: ToolPlan & { kind: 'call' }, signal: AbortSignal): Generator<ResponderPiece> {
  for (const { name, argumentsJson } of calls) {
    if (signal.aborted) return
    yield { kind: 'tool_call', name }
    for (const delta of argumentsJson.match(/.{1,16}/gsu) ?? []) yield { kind: 'tool_arguments', delta }
  }
}

/** Rejects at once when the signal aborts; the port itself bounds how long the work may take. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => { reject(new Error('aborted')) }
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => { signal.removeEventListener('abort', onAbort) })
  })
}

/**
 * Answers with plain rules, no model and no network. Keeps nothing between requests: names, facts and timers are read from the turns.
 * Streams one sentence at a time, each with the blank behind it; never rejects for what a caller says.
 * @throws RangeError when `timeZone` is none that `Intl` knows.
 */
export function createOfflineResponder(options: OfflineResponderOptions): Responder {
  new Intl.DateTimeFormat('en-US', { timeZone: options.timeZone })
  return {
    async* respond({ instructions, turns, signal, ...offer }: ResponderRequest) {
      if (signal.aborted) return
      const evaluate = (expression: string) => untilAborted(options.evaluate(expression), signal)
      const world: World = { now: options.now, timeZone: options.timeZone, random: options.random, instructions, evaluate }
      const plan = toolPlan(turns, offer, options)
      const whole = plan?.kind === 'call' ? plan.preamble : plan?.kind === 'say' ? plan.text : await spokenAnswer(turns, world)
      for (const sentence of splitSentences(whole)) {
        if (signal.aborted) return
        yield sentence
        // Lets an interruption in between two sentences.
        await Promise.resolve()
      }
      if (plan?.kind === 'call') yield* callsOf(plan, signal)
    },
  }
}
