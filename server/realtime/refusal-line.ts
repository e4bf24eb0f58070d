import type { Person } from '../auth/person.ts'
import type { Log } from '../log.ts'
import type { Refusal } from './admission.ts'

/** Whom a refusal was told: who they were taken for, and where from, as far as proxies that are trusted say so. */
export interface Refused { by?: Person['by'] | undefined, address: string | undefined }

/**
 * The one line that everyone who is turned away leaves: of an upgrade (`connection`) or of a request over HTTP. What they showed, and why
 * that wasn't enough, stands in no line.
 */
export function noteRefusal(log: Pick<Log, 'info'>, of: 'connection' | 'request', { status, code }: Pick<Refusal, 'status' | 'code'>, { by, address }: Refused, path?: string) {
  log.info({ status, code, by, address, path }, `${of} refused`)
}
