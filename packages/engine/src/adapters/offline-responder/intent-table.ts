/** Every intent. At equal scores the earlier row wins, so what is asked for comes before what is merely polite. */

import type { SpokenTurn } from '../../stages.ts'
import type { Cue } from './cues.ts'
import { bestScore, parseCue } from './cues.ts'
import type { Intent } from './skill.ts'
import { calculatingIntents } from './skills/calculating.ts'
import { chanceIntents } from './skills/chance.ts'
import { countingIntents } from './skills/counting.ts'
import { courtesyIntents } from './skills/courtesy.ts'
import { goingOnIntents } from './skills/going-on.ts'
import { identityIntents } from './skills/identity.ts'
import { jokeIntents } from './skills/jokes.ts'
import { limitIntents } from './skills/limits.ts'
import { memoryIntents } from './skills/memory.ts'
import { phraseIntents } from './skills/phrases.ts'
import { repeatingIntents } from './skills/repeating.ts'
import { spellingIntents } from './skills/spelling.ts'
import { stoppingIntents } from './skills/stopping.ts'
import { storyIntents } from './skills/stories.ts'
import { timeIntents } from './skills/time.ts'
import { timerIntents } from './skills/timers.ts'
import type { Utterance } from './utterance.ts'

interface Row { intent: Intent, cues: readonly Cue[] }

export const intentTable: readonly Row[] = [
  ...timerIntents, ...calculatingIntents, ...countingIntents, ...spellingIntents, ...identityIntents, ...timeIntents, ...memoryIntents,
  ...repeatingIntents, ...storyIntents, ...jokeIntents, ...phraseIntents, ...chanceIntents, ...goingOnIntents, ...stoppingIntents,
  ...limitIntents, ...courtesyIntents,
].map(intent => ({ intent, cues: (intent.cues ?? []).map(parseCue) }))

/** The intent that explains most of what was said, or undefined when none does. */
export function chooseIntent(utterance: Utterance, turns: readonly SpokenTurn[]): Intent | undefined {
  let best: { intent: Intent, score: number } | undefined
  for (const { intent, cues } of intentTable) {
    const score = Math.max(intent.recognise?.(utterance, turns) ?? 0, bestScore(cues, utterance))
    if (score > (best?.score ?? 0)) best = { intent, score }
  }
  return best?.intent
}
