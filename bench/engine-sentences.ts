/** What people say to an assistant, for the embedded engine's bench: spoken by the synthesiser, heard by the recogniser. */
export const assistantSentences = [
  'what time is it', 'set a timer for ten minutes', 'how many meters are in a mile', 'tell me a joke', 'what is seven times eight',
  'my name is peter', 'what is the weather like today', 'could you repeat that please', 'speak a little slower', 'read me a story about the sea',
  'what did i just say', 'remember that my sister lives in london', 'who are you', 'turn off the light in the kitchen', 'how do you say good morning in french',
  'stop talking', 'call me back in an hour', 'what day is tomorrow', 'count from one to ten', 'i would like to practice my english',
  'how far is it to the station', 'please go on', 'that is not what i meant', 'what can you do', 'divide one hundred by four',
  'add milk and bread to my shopping list', 'is there anything else i should know', 'thank you very much', 'how old is the universe', 'good night',
]
