/** The two things of a session's instructions that plain rules can honour: a name to mention, a greeting to say. */

import { toSpeakable } from './utterance.ts'

const MAX_READ = 4000
const MAX_GREETING = 300

export function personaName(instructions: string): string | undefined {
  const read = instructions.slice(0, MAX_READ)
  const found = /^[ \t]*name:[ \t]*([^\n]{1,40})$/imu.exec(read)?.[1]
    ?? /\b[Yy]our name is (\p{Lu}[\p{L}'-]{0,30})/u.exec(read)?.[1]
    ?? /\b[Yy]ou are (\p{Lu}\p{Ll}[\p{L}'-]{0,30})(?=[,.;]| (?:a|an|the|and|who)\b|$)/mu.exec(read)?.[1]
  return found ? toSpeakable(found, 40).replace(/[.,;:]+$/u, '') || undefined : undefined
}

/** `Greeting: …` on a line of its own, or `greet the user with "…"`. */
export function greetingOf(instructions: string): string | undefined {
  const read = instructions.slice(0, MAX_READ)
  const found = /^[ \t]*greeting:[ \t]*["']?([^"\n]{1,300}?)["']?[ \t]*$/imu.exec(read)?.[1]
    ?? /\b(?:greet|begin|start|open)\b[^".\n]{0,60}\b(?:with|saying|by saying)\b[:, ]*["“]([^"”\n]{1,300})["”]/iu.exec(read)?.[1]
  return found ? toSpeakable(found, MAX_GREETING) || undefined : undefined
}
