/** What main thread and worker say to each other: requests with ids, one answer each. Nothing else crosses. */

/** By operation name: what is asked, what is answered. */
export type Operations = Record<string, { request: unknown, answer: unknown }>

export interface Request { id: number, operation: string, request: unknown }

export type FromWorker
  /** Loaded; requests that came before are served now. */
  = | { kind: 'ready' }
  /** It can't do its work at all, for instance because a model is broken. The worker ends; it is not started again. */
    | { kind: 'unable', why: string }
    | { kind: 'answer', id: number, answer: unknown }
    | { kind: 'refused', id: number, why: string }
