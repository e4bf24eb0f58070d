import type { OfflineResponderOptions, ResponderTurn } from '../../src/index.ts'
import { createOfflineResponder } from '../../src/index.ts'

export const user = (text: string): ResponderTurn => ({ role: 'user', text })
export const assistant = (text: string, cut?: boolean): ResponderTurn => ({ role: 'assistant', text, ...(cut ? { cut } : {}) })

export interface Asking extends Partial<OfflineResponderOptions> { instructions?: string, signal?: AbortSignal }

/** 15:05 in UTC on a Tuesday, dice that fall on the low side, a calculator that knows one answer. */
export const still: OfflineResponderOptions = {
  now: () => new Date('2026-03-03T15:05:00Z'), timeZone: 'UTC', random: () => 0, evaluate: async () => '84',
}

/** The pieces of the answer to a whole conversation, or to one utterance. */
export async function piecesOf(asked: string | ResponderTurn[], { instructions = '', signal = new AbortController().signal, ...world }: Asking = {}): Promise<string[]> {
  const pieces: string[] = []
  const turns = typeof asked === 'string' ? [user(asked)] : asked
  for await (const piece of createOfflineResponder({ ...still, ...world }).respond({ instructions, turns, signal })) {
    if (typeof piece === 'string') pieces.push(piece)
  }
  return pieces
}

export const ask = async (asked: string | ResponderTurn[], asking: Asking = {}): Promise<string> => (await piecesOf(asked, asking)).join('')

/** Holds a whole conversation: each utterance is answered with all that came before. */
export async function converse(utterances: readonly string[], asking: Asking = {}): Promise<string[]> {
  const turns: ResponderTurn[] = []
  const answers: string[] = []
  for (const utterance of utterances) {
    turns.push(user(utterance))
    const answer = await ask(turns, asking)
    turns.push(assistant(answer))
    answers.push(answer)
  }
  return answers
}
