/**
 * What people say to an assistant, for the end-of-turn bench. `…` is a pause of 300 to 900 ms in which the speaker has not finished:
 * thinking after a conjunction, a preposition, an article or a filler, or resting between clauses.
 */
export const hesitantSentences = [
  'set a timer for … ten minutes', 'i would like to … book a table for two', 'tell me something about … the history of london', 'remind me to call my … mother tomorrow',
  'is there a … train to the station this evening', 'turn off the light in … the kitchen and … the bedroom', 'what is the weather going to be in … paris on sunday',
  'i was thinking that … we could go to the sea', 'add milk and … bread to my shopping list', 'i wanted to ask you because … my sister is coming to visit',
  'how do i get from … here to … the airport', 'can you give me the … number of the hotel', 'i am looking for … a present for my brother',
  'when i was young … we lived in a small house', 'if it rains tomorrow … i will stay at home', 'the train was late … so i took a taxi',
  'i bought a new car … but i do not like it', 'first open the window … then close the door', 'my name is peter … and i come from germany',
  'i need a hotel … near the station … for three nights', 'well um … i think we should wait', 'it costs um … about twenty dollars', 'i would say uh … the second one is better',
  'maybe we could … meet at the restaurant', 'she told me that … she would … come later', 'what i mean is … nobody asked me', 'please send a message to … my father',
  'i have two brothers … and one sister', 'could you read me … the story about the sea', 'on monday … i have to go to the doctor', 'do you know if … the museum is open today',
  'i do not know … what i should say', 'play some music by … the old band from liverpool', 'let us meet at … half past seven', 'i am not sure … maybe tomorrow is better', 'the best time would be … after lunch',
]

/** Said in one breath. */
export const fluentSentences = [
  'what time is it', 'go on', 'yes please', 'no thank you', 'tell me a joke', 'what is seven times eight', 'what is the weather like today', 'could you repeat that please', 'speak a little slower',
  'read me a story about the sea', 'who are you', 'what can you do', 'how far is it to the station', 'what are you talking about', 'where are you from', 'what is that', 'turn the light on',
  'that is not what i meant', 'call me back in an hour', 'good night', 'who is she talking to', 'i like it very much', 'i do not know', 'what should i do', 'yes i can', 'stop', 'how old is the universe', 'what is it for',
  'set an alarm for seven', 'that is all', 'i have been there before', 'what does that mean',
]

/** Never looked at while the rules were made. */
export const unseenHesitantSentences = [
  'tell me about the … history of music', 'i have to go to … the bank before noon', 'we were talking about … our holiday', 'can you find me a … cheap flight to madrid', 'my sister and … her husband live in boston',
  'after the meeting … we went home', 'if you have time … please call me', 'i think it is … too expensive', 'show me … the way to the museum', 'i would … rather stay here', 'he said he was tired … but he kept working',
  'could you … close the window', 'put the meeting on … thursday at nine', 'the book is on the table … next to the lamp', 'i need some help with … my computer', 'because it was late … we took a bus', 'what happens when … the water boils', 'i hope that … everything is fine',
]
export const unseenFluentSentences = [
  'how are you', 'i am fine thank you', 'what is your name', 'where do you come from', 'please wait a minute', 'turn it off', 'can you help me', 'what day is it', 'give me an example', 'what is this made of', 'i think so',
  'come in', 'say that again', 'i would like a cup of tea', 'what else do you have', 'yes i would', 'how much does it cost', 'which one do you want',
]
