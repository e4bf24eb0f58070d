import type { CallSnapshot, CallStateName } from '../../voice/call.ts'

export type Hue = 'neutral' | 'you' | 'kai' | 'amber' | 'red'

/** What stands at now. */
export type Mark = 'ring' | 'dot' | 'pulse' | 'arc' | 'struck' | 'held' | 'cross' | 'bar'

/** The line of time: no call yet, running, broken off, closed. */
export type Axis = 'dotted' | 'running' | 'broken' | 'closed'

export interface StageLook {
  /** Which word of the page's texts stands at now (`error` takes its word from the trouble). */
  name: CallStateName | 'muted' | 'typing' | 'by-hand'
  hue: Hue
  mark: Mark
  axis: Axis
  /** A band on the axis from the moment this look began until now. */
  band?: 'hold' | 'mute' | 'drop'
  /** A red stop ahead. */
  stop?: boolean
  /** Time runs: the stage has to be drawn again and again. */
  moving: boolean
}

const looks: Record<StageLook['name'], Omit<StageLook, 'name'>> = {
  idle: { hue: 'neutral', mark: 'ring', axis: 'dotted', moving: false },
  permission: { hue: 'neutral', mark: 'dot', axis: 'dotted', moving: false },
  connecting: { hue: 'neutral', mark: 'arc', axis: 'running', moving: true },
  listening: { hue: 'you', mark: 'dot', axis: 'running', moving: true },
  'user-speaking': { hue: 'you', mark: 'dot', axis: 'running', moving: true },
  thinking: { hue: 'amber', mark: 'pulse', axis: 'running', moving: true },
  speaking: { hue: 'kai', mark: 'dot', axis: 'running', moving: true },
  interrupted: { hue: 'you', mark: 'dot', axis: 'running', moving: true },
  held: { hue: 'you', mark: 'held', axis: 'running', band: 'hold', moving: true },
  muted: { hue: 'neutral', mark: 'struck', axis: 'running', band: 'mute', moving: true },
  'by-hand': { hue: 'you', mark: 'ring', axis: 'running', moving: true },
  typing: { hue: 'neutral', mark: 'ring', axis: 'running', moving: true },
  reconnecting: { hue: 'red', mark: 'arc', axis: 'running', band: 'drop', moving: true },
  'rolling-over': { hue: 'neutral', mark: 'arc', axis: 'running', moving: true },
  limit: { hue: 'red', mark: 'dot', axis: 'running', stop: true, moving: true },
  error: { hue: 'red', mark: 'cross', axis: 'broken', moving: false },
  ended: { hue: 'neutral', mark: 'bar', axis: 'closed', moving: false },
}

/**
 * The stage's look for a snapshot. Mute, a missing microphone and turns that are taken by hand show only where the page would claim to listen.
 * @param byHand nothing is heard but what is said while the button is held
 */
export function stageLook({ state, muted, microphone }: Pick<CallSnapshot, 'state' | 'muted' | 'microphone'>, byHand = false): StageLook {
  const name = state.name === 'listening' ? listeningLook(muted, microphone, byHand) : state.name
  return { name, ...looks[name] }
}

function listeningLook(muted: boolean, microphone: CallSnapshot['microphone'], byHand: boolean): StageLook['name'] {
  if (microphone === 'off' || microphone === 'failed') return 'typing'
  if (muted) return 'muted'
  return byHand ? 'by-hand' : 'listening'
}
