import { parseArgs } from 'node:util'
import { PEERS, type PeerName } from './peers.ts'

export interface BenchOptions { numbers: number[], seconds: number, rounds: number, only: readonly PeerName[], full: boolean, json: boolean }

/** @throws Error with a sentence */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { n: { type: 'string' }, seconds: { type: 'string' }, rounds: { type: 'string' }, only: { type: 'string' }, full: { type: 'boolean' }, json: { type: 'boolean' } },
  })
  const full = values.full ?? false
  const only = values.only?.split(',') ?? [...PEERS]
  const strange = only.filter(name => !PEERS.some(peer => peer === name))
  if (strange.length > 0) throw new Error(`--only takes ${PEERS.join(', ')}; not ${strange.join(', ')}.`)
  return {
    numbers: list(values.n ?? (full ? '10,100,200,1000' : '200,1000')),
    seconds: positive('seconds', values.seconds ?? (full ? '10' : '4')), rounds: positive('rounds', values.rounds ?? '3'), only: only as PeerName[], full, json: values.json ?? false,
  }
}

const list = (text: string) => text.split(',').map(part => positive('n', part))

function positive(name: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} takes whole numbers above 0; not ${text}.`)
  return number
}
