/** From a conversation to a call, a question, or neither. Pure but for the calendar; reads all it knows from the turns. */
import type { ResponderRequest, ResponderTool, ResponderTurn, ToolOutputTurn } from '../../../stages.ts'
import { MAX_READ_CHARACTERS, readUtterance } from '../utterance.ts'
import { askAgain, GIVEN_UP, isAsked, isDropped, questionFor } from './asking-back.ts'
import { bestTool, scoreTool, TOOL_SCORES } from './choosing.ts'
import type { KnownTool, ScoredTool } from './choosing.ts'
import type { Arguments } from './filling.ts'
import { fillSlots, missingSlots, withFallbacks } from './filling.ts'
import { createMaterial } from './material.ts'
import type { Calendar } from './moments.ts'
import { tellOutput } from './telling.ts'
import type { Slot } from './tool-schema.ts'

export interface PlannedCall { name: string, argumentsJson: string }
export type ToolPlan
  = | { kind: 'call', preamble: string, calls: readonly PlannedCall[] }
    | { kind: 'ask', question: string }
    | { kind: 'say', text: string }

export type ToolOffer = Pick<ResponderRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>

/** A call that waits for an argument: how far it got, and what was asked for. */
interface Draft { known: KnownTool, found: Arguments, missing: Slot | undefined, tries: number }

/** A question may be answered by one that is asked back, and so on: so far. */
const MAX_QUESTIONS = 8
/** Someone who was asked for an argument and says something else has to be this clear about it. */
const CHANGES_THE_SUBJECT = TOOL_SCORES.threshold + 1
const PREAMBLE = 'Let me see.'

/** Later than this nobody waits for a result any more. */
const MAX_TURNS_UNTIL_TOLD = 2

/**
 * Outputs that nobody has spoken about yet, in order. Their place doesn't tell: one may come while an answer is being spoken
 * that knows nothing of it, and stands before that answer then.
 */
export function untoldOutputs(turns: readonly ResponderTurn[]): ToolOutputTurn[] {
  return turns.flatMap((turn, index) => {
    if (turn.role !== 'tool_output') return []
    const since = turns.slice(index + 1)
    if (since.filter(({ role }) => role === 'user').length > MAX_TURNS_UNTIL_TOLD) return []
    const said = tellOutput(turn.output)
    return since.some(later => later.role === 'assistant' && (later.cut || later.text.includes(said))) ? [] : [turn]
  })
}

/** Nothing was asked since a result was told: there is nothing to add to it. */
export function isAllTold(turns: readonly ResponderTurn[]): boolean {
  const sinceAsked = turns.slice(turns.findLastIndex(({ role }) => role === 'user') + 1).filter(({ role }) => role !== 'system')
  return sinceAsked.at(-1)?.role === 'assistant' && sinceAsked.some(({ role }) => role === 'tool_output')
}

/** What the outputs say, once each. */
export function tellOutputs(outputs: readonly ToolOutputTurn[]): string {
  return [...new Set(outputs.map(({ output }) => tellOutput(output)))].join(' ')
}

/** The words that wait for an answer: everything said since the assistant last spoke. */
function lastSaid(turns: readonly ResponderTurn[]): { said: string, before: ResponderTurn[] } {
  const answered = turns.findLastIndex(turn => turn.role === 'assistant' && turn.text.trim() !== '')
  const said = turns.slice(answered + 1).flatMap(turn => turn.role === 'user' ? [turn.text] : []).join(' ')
  return { said: said.slice(0, MAX_READ_CHARACTERS), before: turns.slice(0, answered + 1) }
}

const materialOf = (said: string) => createMaterial(readUtterance(said))

function draftFrom({ known, triggers }: Pick<ScoredTool, 'known' | 'triggers'>, said: string, calendar: Calendar): Draft {
  const found = fillSlots(known.slots, materialOf(said), { ...calendar, triggers })
  return { known, found, missing: missingSlots(known.slots, found)[0], tries: 0 }
}

/** The call that these turns lead to, finished or not. Replays the questions that were asked back. */
function draftOf(turns: readonly ResponderTurn[], tools: readonly ResponderTool[], calendar: Calendar, depth = 0): Draft | 'dropped' | undefined {
  const { said, before } = lastSaid(turns)
  if (said.trim() === '') return undefined
  const fresh = bestTool(tools, materialOf(said))
  const waiting = depth < MAX_QUESTIONS ? waitingDraft(before, tools, calendar, depth) : undefined
  if (waiting && !(fresh && fresh.score >= CHANGES_THE_SUBJECT && fresh.known !== waiting.known)) {
    return isDropped(materialOf(said).words) ? 'dropped' : continued(waiting, said, calendar)
  }
  return fresh && fresh.score >= TOOL_SCORES.threshold ? draftFrom(fresh, said, calendar) : undefined
}

/** The call whose question was the last thing the assistant said. */
function waitingDraft(before: readonly ResponderTurn[], tools: readonly ResponderTool[], calendar: Calendar, depth: number): Draft | undefined {
  const asked = before.at(-1)
  if (asked?.role !== 'assistant' || !(asked.text.includes('?') || asked.cut)) return undefined
  const draft = draftOf(before.slice(0, -1), tools, calendar, depth + 1)
  if (!draft || draft === 'dropped' || !draft.missing) return undefined
  const times = isAsked(questionFor(draft.missing), asked)
  return times && { ...draft, tries: times === 'again' ? 2 : 1 }
}

function continued({ known, found, missing, tries }: Draft, said: string, calendar: Calendar): Draft {
  const triggers = new Set<number>()
  const more = fillSlots(known.slots, materialOf(said), { ...calendar, triggers, asked: missing?.name }, found)
  const next = missingSlots(known.slots, more)[0]
  return { known, found: more, missing: next, tries: next?.name === missing?.name ? tries : 0 }
}

const callOf = ({ known, found }: Draft): PlannedCall => ({ name: known.tool.name, argumentsJson: JSON.stringify(withFallbacks(known.slots, found)) })

/** "Turn on the light and set a timer": each part, when every part is a whole call of its own. */
function severalCalls(said: string, tools: readonly ResponderTool[], calendar: Calendar): Draft[] | undefined {
  const parts = said.split(/\s*(?:,\s*)?\b(?:and then|and also|and|then)\b\s*/iu).filter(part => part.trim() !== '')
  if (parts.length < 2 || parts.length > 4) return undefined
  const drafts = parts.map(part => {
    const best = bestTool(tools, materialOf(part))
    return best && best.score >= TOOL_SCORES.threshold ? draftFrom(best, part, calendar) : undefined
  })
  return drafts.every(draft => draft !== undefined && !draft.missing) ? drafts as Draft[] : undefined
}

function planned(draft: Draft | 'dropped' | undefined): ToolPlan | undefined {
  if (!draft) return undefined
  if (draft === 'dropped') return { kind: 'say', text: GIVEN_UP }
  if (!draft.missing) return { kind: 'call', preamble: draft.known.verb?.preamble ?? PREAMBLE, calls: [callOf(draft)] }
  const question = questionFor(draft.missing)
  if (draft.tries >= 2) return { kind: 'say', text: GIVEN_UP }
  return { kind: 'ask', question: draft.tries === 1 ? askAgain(question) : question }
}

/** The caller insists: the best of the tools it allows is called with what there is. */
function forcedPlan(turns: readonly ResponderTurn[], tools: readonly ResponderTool[], calendar: Calendar): ToolPlan {
  const { said } = lastSaid(turns)
  const draft = draftOf(turns, tools, calendar)
  const best = bestTool(tools, materialOf(said))
  const chosen = best && best.score > 0 ? best : scoreTool(tools[0]!, materialOf(said))
  const { known, found } = draft && draft !== 'dropped' ? draft : draftFrom(chosen, said, calendar)
  return { kind: 'call', preamble: known.verb?.preamble ?? PREAMBLE, calls: [{ name: known.tool.name, argumentsJson: JSON.stringify(withFallbacks(known.slots, found, { said })) }] }
}

/** What to do with the session's tools now; `undefined`: nothing, answer in words. */
export function planToolUse(turns: readonly ResponderTurn[], { tools = [], toolChoice = 'auto', parallelToolCalls = true }: ToolOffer, calendar: Calendar): ToolPlan | undefined {
  if (tools.length === 0 || toolChoice === 'none') return undefined
  if (typeof toolChoice === 'object') {
    const named = tools.filter(({ name }) => name === toolChoice.name)
    return named.length > 0 ? forcedPlan(turns, named, calendar) : undefined
  }
  if (toolChoice === 'required') return forcedPlan(turns, tools, calendar)
  const draft = draftOf(turns, tools, calendar)
  const several = parallelToolCalls && (!draft || (draft !== 'dropped' && draft.tries === 0)) ? severalCalls(lastSaid(turns).said, tools, calendar) : undefined
  if (several) return { kind: 'call', preamble: several[0]!.known.verb?.preamble ?? PREAMBLE, calls: several.map(callOf) }
  return planned(draft)
}
