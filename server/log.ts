import { pino, type Logger } from 'pino'

/**
 * error: a talker noticed. warn: it healed itself, or an operator should look. info: one line for each step of a call's life.
 * Never a frame, never speech, transcripts, prompts, tickets or keys.
 */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

export interface LogOptions {
  level: 'debug' | 'info' | 'warn' | 'error'
  /** Values that are cut out of every line, wherever they stand. */
  secrets: readonly string[]
  write?: (line: string) => void
}

const REDACTED = '[redacted]'
const PATHS = ['authorization', '*.authorization', 'headers["api-key"]', '*.headers["api-key"]', 'ticket', '*.ticket', 'key', '*.key']

/** `text` without the secrets. Short values are left alone: cutting `a` out of every line would hide nothing. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter(secret => secret.length >= 4)
    .flatMap(secret => [secret, JSON.stringify(secret).slice(1, -1)])
    .reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text)
}

/** One JSON object per line. */
export function createLog({ level, secrets, write = line => process.stdout.write(line) }: LogOptions): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: PATHS, censor: REDACTED } },
    { write: line => write(redact(line, secrets)) })
}

export const silentLog: Log = pino({ level: 'silent' })
