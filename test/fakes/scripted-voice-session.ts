import type { Action, CallSnapshot, Ending, Trouble, Turn, VoiceSession } from '../../app/voice/call.ts'
import { voiceSettingsDefaults, type VoiceSettings } from '../../app/voice/voice-settings.ts'
import { scriptedCallState, scriptedLatencies, scriptedNowMs, scriptedRecords, scriptedTimeline, scriptedTurns, scriptedUsage } from './scripted-call.ts'
import type { ScriptedState } from './scripted-call.ts'

export interface Script {
  state: ScriptedState
  trouble?: Trouble
  /** Trouble beside a state that goes on. */
  aside?: Trouble
  /** So many turns instead of the script's own. */
  turns?: number
  /** The first turns are of a call before, whose line was lost. */
  earlier?: boolean
  /** What was used so far, at this price in dollars. */
  usd?: number
  warning?: CallSnapshot['warning']
  /** Why the server ended it. */
  because?: Ending
  /** Clock that moves the call on, ms; standing still without it. */
  clock?: () => number
}

const denied: Trouble = { code: 'mic_denied', detail: 'NotAllowedError: Permission denied' }
const inCall: readonly Action[] = ['end', 'mute', 'hold', 'say']

function allowedIn(state: ScriptedState): ReadonlySet<Action> {
  if (state === 'idle' || state === 'ended') return new Set(['start', 'hold', 'say'])
  if (state === 'error') return new Set(['start', 'retry', 'hold', 'say'])
  if (state === 'typing') return new Set(['start', 'end', 'hold', 'say'])
  if (state === 'limit') return new Set(['end', 'mute', 'interrupt'])
  if (state === 'reconnecting') return new Set(['end', 'mute'])
  return new Set(state === 'thinking' || state === 'speaking' ? [...inCall, 'interrupt'] : inCall)
}

function manyTurns(count: number): Turn[] {
  const pool = scriptedTurns('speaking')
  return Array.from({ length: count }, (_, index) => {
    const turn = pool[index % pool.length]!
    return { ...turn, startedAtMs: index * 4000, segment: { ...turn.segment, id: `item_${index}` } }
  })
}

function turnsOf({ state, turns, earlier }: Script): Turn[] {
  const all = turns === undefined ? scriptedTurns(state) : manyTurns(turns)
  return earlier ? all.map((turn, index) => index < 4 ? { ...turn, earlier: true } : turn) : all
}

function snapshotOf(script: Script, muted: boolean): CallSnapshot {
  const { state } = script
  const before = state === 'idle' || state === 'permission' || state === 'connecting' || state === 'error'
  return {
    state: scriptedCallState(state, script.trouble ?? denied, script.because),
    muted: muted || state === 'muted',
    microphone: state === 'idle' || state === 'ended' || state === 'typing' ? 'off' : state === 'permission' ? 'opening' : state === 'error' ? 'failed' : 'on',
    allowed: allowedIn(state),
    turns: turnsOf(script),
    trouble: script.aside,
    ...(script.usd === undefined ? {} : { usage: scriptedUsage(script.usd) }),
    ...(script.warning ? { warning: script.warning } : {}),
    ...(before ? {} : { latencies: scriptedLatencies() }),
    ...(before ? {} : { line: { model: 'kaiwa-local', voice: 'flite', capabilities: { turnTaking: 'server', serverInterrupts: true, voiceWaits: true, typedText: true, transcripts: { user: true, assistant: true } } } }),
    ...(state === 'idle' ? {} : { startedAt: 1_800_000_000_000 }),
  }
}

/** A voice session that shows a state and follows its buttons, without sound, line or server. */
export function scriptedVoiceSession(script: Script): VoiceSession {
  let current = script
  let muted = false
  let settings: VoiceSettings = voiceSettingsDefaults
  let snapshot = snapshotOf(current, muted)
  const listeners = new Set<(snapshot: CallSnapshot) => void>()
  const records = scriptedRecords()
  const startMs = script.state === 'connecting' ? 2400 : script.state === 'idle' || script.state === 'permission' || script.state === 'error' ? 0 : scriptedNowMs
  const zero = script.clock?.() ?? 0
  const nowMs = () => startMs + ((script.clock?.() ?? 0) - zero)

  function go(state: ScriptedState, add?: Turn): void {
    current = { ...current, state }
    const turns = add ? [...snapshot.turns, add] : snapshot.turns
    snapshot = { ...snapshotOf(current, muted), turns: turns.length > 0 ? turns : scriptedTurns(state) }
    for (const listener of listeners) listener(snapshot)
  }

  /** An answer is heard on, a character at a time. */
  const hearing = script.clock && script.state === 'speaking' ? setInterval(hearOn, 60) : undefined

  function hearOn(): void {
    const last = snapshot.turns.at(-1)
    if (snapshot.state.name !== 'speaking' || last?.heardChars === undefined) return
    const heardChars = last.heardChars < last.segment.text.length ? last.heardChars + 1 : 0
    snapshot = { ...snapshot, turns: [...snapshot.turns.slice(0, -1), { ...last, heardChars }] }
    for (const listener of listeners) listener(snapshot)
  }

  return {
    get snapshot() { return snapshot },
    subscribe(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    restore: () => {},
    start: async () => go('listening'),
    end: () => go('ended'),
    setMuted(on) {
      muted = on
      go(current.state === 'muted' ? 'listening' : current.state)
    },
    interrupt: () => go('interrupted'),
    hold: down => go(down ? 'held' : 'thinking'),
    say: text => go('thinking', {
      startedAtMs: nowMs(),
      segment: { id: `item_typed_${snapshot.turns.length}`, speaker: 'user', afterId: undefined, medium: 'text', text, textState: 'final', open: false },
    }),
    get settings() { return settings },
    configure: change => { settings = { ...settings, ...change } },
    nowMs,
    timeline: () => scriptedTimeline(current.state, startMs, nowMs()),
    records: { list: () => records, version: 1, dropped: 0, subscribe: () => () => undefined },
    close: () => {
      clearInterval(hearing)
      listeners.clear()
    },
  }
}
