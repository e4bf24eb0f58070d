import type { Intent } from '../skill.ts'

export const stoppingIntents: readonly Intent[] = [
  { name: 'hold-on', cues: ['^wait', 'hold on', 'one|a moment|second|minute|sec wait|hold|just|give|please|me', 'just_a|one|give_me_a moment|second|minute|sec', 'hang on', 'let_me_think', 'hold_it'], answer: () => 'Take your time.' },
  {
    name: 'stop',
    cues: ['^stop|stopped|stops !timer !alarm', 'never mind|mine|minds', 'nevermind', 'shut up|it', 'be quiet|silent|still', '^quiet|silence|hush', 'enough', 'that_is_enough', 'stop talking|it|that|now|reading|counting|speaking', '^cancel', 'forget_it', 'be_quiet', 'shush'],
    answer: () => 'OK.',
  },
]
