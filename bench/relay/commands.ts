/** How the bench speaks with the processes it starts: one answer for each command, over Node's own channel. */
import type { LatencySummary } from './samples.ts'

export interface EndFigures {
  /** Audio events this end has sent, and stamped ones it has received, since it began. */
  sent: number
  received: number
  /** In the window since `mark`: how long the other end's events took to get here. */
  latency: LatencySummary
  /** Share of the window in which this end's loop worked; near 1 the end itself is the limit. */
  busy: number
}

export interface LoadFigures extends EndFigures {
  open: number
  /** Share of the window's appends that left more than 10 ms late. */
  late: number
  /** Connections that ended although nobody asked, by close code (1006: without a word). */
  lost: Record<string, number>
}

export interface ModelFigures extends EndFigures {
  connections: number
  /** Written and not yet taken by the relay's side of the line. */
  unsentBytes: number
}

export interface Connected { open: number, /** Refusals by HTTP status. */ refused: Record<string, number> }

export interface Target { url: string, headers: Record<string, string>, /** As the page: a ticket for each call from here. */ ticketsFrom?: string }

export type LoadCommand
  = | { do: 'connect', target: Target, callers: number, frameMs: number }
    | { do: 'mark' } | { do: 'read' }
  /** No more appends. */
    | { do: 'hush' }
  /** Reads nothing from now on. */
    | { do: 'stall' }
    | { do: 'leave' }

export type ModelCommand
  = | { do: 'listen' } | { do: 'mark' } | { do: 'read' } | { do: 'forget' }
  /** So many audio deltas to every connection, as fast as they go. */
    | { do: 'flood', deltas: number }

/** For a child: answers commands until the bench is gone, then ends. */
export function answerCommands<Command extends { do: string }>(answer: (command: Command) => unknown): void {
  process.on('message', ({ id, command }: { id: number, command: Command }) => {
    void Promise.resolve(answer(command)).then(value => process.send?.({ id, value: value ?? null }))
  })
  process.on('disconnect', () => process.exit())
}
