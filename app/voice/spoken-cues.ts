/**
 * Words that decide something by themselves, as transcribers write them. They only ever add to what sound has told: a language that isn't
 * here loses nothing but these short cuts. English and Japanese.
 */

/** Said over an answer, however short: stop. */
const stops = /^(?:no|nope|stop|stop it|wait|hold on|hang on|enough|quiet|pause|be quiet|shut up|ストップ|止めて|やめて|待って|ちょっと待って|だめ|違う|いや)$/u

/** Listening sounds: go on, I'm with you. */
const listening = /^(?:m+|h*m+|mm+|mhm|m-hm|mm-hmm|uh-?huh|uh|um|ah|oh|yeah|yep|yes|ok|okay|right|sure|i see|wow|うん|ええ|はい|へえ|ほう|ふうん|なるほど|そう|そうですか|そうなんだ|あー|えー)$/u

const timeToThink = [
  /\b(?:let me (?:think|see)|(?:wait|hold on|hang on|just) (?:a|one) (?:moment|second|sec|minute)|give me a (?:moment|second|sec|minute)|one (?:moment|sec(?:ond)?))\b/u,
  /(?:ちょっと|少し|すこし)(?:待って|考え)|考えさせて|ええと.{0,4}待って/u,
]

/** Parts between pauses: "yeah, okay" is two. */
const parts = (text: string) => text.normalize('NFKC').toLowerCase().split(/[\s]*[.,!?;:…。、！？・~〜]+[\s]*/u).map(part => part.trim()).filter(Boolean)

export const saysStop = (text: string) => parts(text).some(part => stops.test(part))
/** Nothing but sounds of listening; not so when there are no words at all. */
export const onlyListens = (text: string) => {
  const said = parts(text)
  return said.length > 0 && said.every(part => listening.test(part) || part.split(' ').every(word => listening.test(word)))
}
export const asksForTime = (text: string) => timeToThink.some(cue => cue.test(text.normalize('NFKC').toLowerCase()))
