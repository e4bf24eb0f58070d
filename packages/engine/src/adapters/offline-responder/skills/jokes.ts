import type { Intent } from '../skill.ts'
import { pickFresh } from '../skill.ts'

export const jokes: readonly [string, ...string[]] = [
  'I asked the calendar out for Friday. It said its days were numbered.',
  'My neighbour practises the violin with the window open. Mine is closed, and we both call it cooperation.',
  'I bought a book on patience. I have not opened it yet, but I can wait.',
  'The elevator and I have a lot in common. We both have our ups and downs, and people press our buttons.',
  'A snail moved in with a turtle. The turtle said: slow down, we only just met.',
  'I told my umbrella a secret, and it folded at once.',
  'Two microphones fell in love. It was good until one of them stopped picking up.',
  'The baker quit after twenty years. He said he never saw the dough.',
  'I tried to write a song about silence. The critics said it had too many words.',
  'My alarm clock and I are not on speaking terms. It started, this morning, as it always does.',
]

export const jokeIntents: readonly Intent[] = [
  {
    name: 'joke',
    cues: ['joke|jokes|choke|joking', 'tell|say|know|hear|another|got joke|jokes|choke|joe|yolk|folk|job|jokers', 'something|anything funny', 'make_me laugh', 'say|tell|be funny', 'cheer_me up', 'another_joke|one_more_joke|another_job', 'i_am bored'],
    answer: context => pickFresh(jokes, context),
  },
]
