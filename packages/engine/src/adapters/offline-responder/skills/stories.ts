import type { Intent, Skill } from '../skill.ts'

export interface Story { title: string, text: string }

/** Long on purpose: over two minutes aloud, something to interrupt and to go on with. */
const lamp: readonly string[] = [
  'The Lamp at Hollow Point.',
  'At the end of a long grey beach there stood a lighthouse, and in it lived a keeper named Ines, who had not spoken to anyone for eleven days.',
  'She did not mind.',
  'The sea talked enough for both of them.',
  'Every evening she climbed the hundred and twelve steps, wiped the salt from the glass, and lit the lamp.',
  'Every morning she climbed down again, wrote the weather in a book, and slept until noon.',
  'One night in October the wind turned, and a fog came in so thick that the beam ended a few steps from the window, like a stick in a bowl of milk.',
  'Ines leaned out and listened.',
  'Far away, somewhere to the left, a bell was ringing.',
  'It rang three times and stopped, and then it rang again.',
  'No ship was expected.',
  'She looked it up in the book to be sure, and the page for that day was empty.',
  'So she did what keepers had done before there were lamps.',
  'She took the iron lid of the stove and a wooden spoon, went out on the balcony, and struck it three times.',
  'The bell answered three times.',
  'She struck it twice.',
  'The bell answered twice, and it was nearer now.',
  'All night long they talked in that way, the keeper and the bell, a few beats at a time.',
  'Her arms grew heavy, and her hands grew cold, but each time she wished to stop she counted to ten, and the bell called, and she answered it.',
  'When the sky turned pale, the fog rose from the water like a curtain, and below the rocks lay a small red boat.',
  'In it sat an old man with a ship\'s bell on his knees.',
  'He looked up and took off his hat.',
  'Madam, he said, I could not see your light at all, but I have never heard a better cook.',
  'Ines laughed, for the first time in eleven days, and it surprised her how loud it was.',
  'She made him breakfast with the same spoon.',
  'He stayed until the tide turned, and when he left he gave her the bell.',
  'It hangs beside the lamp to this day.',
  'On clear nights she leaves it alone.',
  'But when the fog comes in, and the light ends at the window, she rings it three times, and waits, and listens.',
  'And now and then, from very far away, somebody answers.',
]

const clock: readonly string[] = [
  'The Clockmaker\'s Apprentice.',
  'In a narrow street behind the market there was a shop with forty clocks, and no two of them agreed.',
  'The clockmaker, whose name was Bram, liked it that way.',
  'If they all struck at once, he said, the street would think it was on fire.',
  'His apprentice was a girl called Juno, and she could not bear it.',
  'She came from a family of bakers, where a minute too long meant black bread.',
  'On her first Sunday alone she opened every case, oiled every wheel, and set all forty clocks by the sun.',
  'It took her from breakfast until dusk.',
  'At six o\'clock they struck together.',
  'The windows shook, the cat left through the chimney, and across the street a man dropped a tray of glasses.',
  'Then it was silent, and in the silence someone knocked.',
  'It was the old woman from the house next door, who had never once come in.',
  'For thirty years, she said, I have lived by your clocks.',
  'When the first one struck, I put on the kettle.',
  'When the second one struck, I called my sister.',
  'When the last one struck, I knew that I could sleep.',
  'Tonight I had to do everything at once, and the tea is on the floor.',
  'Juno looked at the forty clocks, so neat and so proud, and she understood what Bram had been keeping all those years.',
  'It was not the time.',
  'She asked the old woman to sit down, gave her a cup of tea, and took a notebook from the drawer.',
  'Which one comes first, she asked.',
  'They worked until midnight, clock by clock, and the old woman hummed the tune of the street as she remembered it.',
  'On Monday the clockmaker came home, hung up his coat, and listened to a whole hour go by, one strike after the other, like friends arriving for dinner.',
  'You have been busy, he said.',
  'No, said Juno. I only let them take turns.',
]

export const stories: readonly [Story, ...Story[]] = [
  { title: 'The Lamp at Hollow Point', text: lamp.join(' ') },
  { title: 'The Clockmaker\'s Apprentice', text: clock.join(' ') },
]

/** The first story that hasn't been begun in this call. Not by chance, so that going on finds it. */
const tellStory: Skill = ({ turns }) => {
  const said = turns.filter(turn => turn.role === 'assistant').map(turn => turn.text)
  return (stories.find(story => !said.some(text => text.startsWith(story.title))) ?? stories[0]).text
}

export const storyIntents: readonly Intent[] = [
  {
    name: 'story',
    cues: ['story|stories|storey|fairy_tale|tale', 'tell|read|red|hear|know|another|long story|stories|storey|tale|store', 'read|red me|something|aloud|book', 'bedtime story|stories', 'tell_me something long', 'once_upon_a_time', 'talk|speak for_a_minute|for_a_while|a_long_time'],
    answer: tellStory,
  },
]
