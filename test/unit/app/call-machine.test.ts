import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Action, CallStateName, Trouble } from '../../../app/voice/call.ts'
import { allowedActions } from '../../../app/voice/call-actions.ts'
import type { CallInput, UserInput } from '../../../app/voice/call-inputs.ts'
import { MIN_HOLD_MS } from '../../../app/voice/call-floor.ts'
import { step } from '../../../app/voice/call-machine.ts'
import { ANSWER_PATIENCE_MS, deadlineMs, FAREWELL_MS, initialCall, INTERRUPTED_MS } from '../../../app/voice/call-phase.ts'
import type { CallMachine } from '../../../app/voice/call-phase.ts'

const denied: Trouble = { code: 'mic_denied', detail: 'no' }
const lost: Trouble = { code: 'upstream_lost', detail: 'gone' }

/** Runs inputs, one every `everyMs`, and collects what they ask for. */
function run(inputs: readonly CallInput[], { from = initialCall, atMs = 0, everyMs = 0, turns = 0 } = {}) {
  let machine: CallMachine = from
  const effects = []
  const states: CallStateName[] = []
  for (const input of inputs) {
    const result = step(machine, input, { atMs, turns })
    machine = result.machine
    // How turns are wished for has its tests in barge-in.test.ts.
    effects.push(...result.effects.filter(({ type }) => type !== 'wish_turns'))
    if (states.at(-1) !== machine.state.name) states.push(machine.state.name)
    atMs += everyMs
  }
  return { machine, effects, types: effects.map(({ type }) => type), states }
}

const start: CallInput = { type: 'start' }
const opened: CallInput[] = [start, { type: 'microphone_opened' }, { type: 'line_opened' }]
const speech = (on: boolean): CallInput => ({ type: 'user_speech', on })
const reply: CallInput = { type: 'reply_started', replyId: 'r1' }
const replyOver: CallInput = { type: 'reply_ended', replyId: 'r1' }
const heard: CallInput = { type: 'sound_heard', atMs: 0 }
const speaking: CallInput[] = [...opened, speech(true), speech(false), reply, { type: 'sound_queued' }, heard]

describe('the call machine', () => {
  it('goes through a spoken turn: asked, connecting, listening, speaking, thinking, answered', () => {
    const { states, types } = run([...speaking, replyOver, { type: 'sound_over' }])
    expect(states).toEqual(['permission', 'connecting', 'listening', 'user-speaking', 'thinking', 'speaking', 'listening'])
    expect(types).toEqual(['begin', 'open_output', 'open_line', 'open_microphone', 'start_sending'])
  })

  it('opens the output before the microphone, because it has to happen within the click', () => {
    expect(run([start]).types).toEqual(['begin', 'open_output', 'open_line', 'open_microphone'])
  })

  it('sends only when line and microphone are both there, whichever comes first', () => {
    expect(run([start, { type: 'line_opened' }]).types).not.toContain('start_sending')
    expect(run([start, { type: 'line_opened' }, { type: 'microphone_opened' }]).types).toContain('start_sending')
    expect(run([start, { type: 'microphone_opened' }]).types).not.toContain('start_sending')
  })

  it('shows speaking while audio is heard, not while it arrives, and until it is silent', () => {
    const arriving = run([...opened, speech(true), speech(false), reply, { type: 'sound_queued' }, replyOver])
    expect(arriving.machine.state.name).toBe('thinking')
    const audible = run([heard], { from: arriving.machine })
    expect(audible.machine.state.name).toBe('speaking')
    expect(run([{ type: 'sound_over' }], { from: audible.machine }).machine.state.name).toBe('listening')
  })

  it('stops thinking when the reply ended without a sound', () => {
    expect(run([...opened, speech(true), speech(false), reply, replyOver]).machine.state.name).toBe('listening')
  })

  it('stops thinking when no reply begins in a long time', () => {
    const { machine } = run([...opened, speech(true), speech(false)])
    expect(deadlineMs(machine)).toBe(ANSWER_PATIENCE_MS)
    expect(run([{ type: 'time' }], { from: machine, atMs: ANSWER_PATIENCE_MS }).machine.state.name).toBe('listening')
  })

  it('counts thinking from the end of speech, not from when the page was told', () => {
    const { machine } = run([...opened, speech(true)])
    const after = step(machine, { type: 'user_speech', on: false, atMs: 400 }, { atMs: 1000, turns: 1 }).machine
    expect(after.state).toEqual({ name: 'thinking', sinceMs: 400 })
  })

  it('silences an answer that is spoken over, then shows that the user speaks', () => {
    const { machine, effects } = run([...speaking, speech(true)])
    expect(effects.at(-1)).toEqual({ type: 'silence', by: 'barge_in', replyIds: ['r1'] })
    expect(machine.state.name).toBe('interrupted')
    expect(deadlineMs(machine)).toBe(INTERRUPTED_MS)
    expect(run([{ type: 'time' }], { from: machine, atMs: INTERRUPTED_MS }).machine.state.name).toBe('user-speaking')
  })

  it('silences an answer that was not heard yet, without a word of interruption', () => {
    const { machine, types } = run([...opened, speech(true), speech(false), reply, speech(true)])
    expect(types).toContain('silence')
    expect(machine.state.name).toBe('user-speaking')
  })

  it('refuses the reply that begins just after an interruption while thinking', () => {
    const { machine, effects } = run([...opened, speech(true), speech(false), { type: 'interrupt' }, reply])
    expect(effects.at(-1)).toEqual({ type: 'silence', by: 'user', replyIds: ['r1'] })
    const later = run([{ type: 'time' }, speech(true), speech(false), { type: 'reply_started', replyId: 'r2' }, heard], { from: machine, atMs: INTERRUPTED_MS })
    expect(later.machine.state.name).toBe('speaking')
  })

  it('stops what is said before it sends what was typed', () => {
    const { types, machine } = run([...speaking, { type: 'say', text: 'wait' }])
    expect(types.slice(-2)).toEqual(['silence', 'say'])
    expect(machine.state.name).toBe('thinking')
  })

  it('begins a call without a microphone for typed text, and sends it when the line is up', () => {
    const { types, states, machine } = run([{ type: 'say', text: 'hello' }, { type: 'line_opened' }])
    expect(types).toEqual(['begin', 'open_output', 'open_line', 'say'])
    expect(states).toEqual(['connecting', 'thinking'])
    expect(allowedActions(machine)).toContain('start')
    expect(allowedActions(machine)).not.toContain('mute')
  })

  it('opens the microphone of a call that was only typed', () => {
    const { types, machine } = run([{ type: 'say', text: 'hello' }, { type: 'line_opened' }, start, { type: 'microphone_opened' }])
    expect(types.slice(-2)).toEqual(['open_microphone', 'start_sending'])
    expect(allowedActions(machine)).toContain('mute')
  })

  it('ends as an error when the microphone is denied, with typing and trying again left', () => {
    const { machine, types } = run([start, { type: 'microphone_failed', trouble: denied }])
    expect(machine.state).toEqual({ name: 'error', trouble: denied })
    expect(types.at(-1)).toBe('release')
    expect([...allowedActions(machine)].sort()).toEqual(['hold', 'retry', 'say', 'start'])
    const typed = run([{ type: 'say', text: 'then so' }, { type: 'line_opened' }], { from: machine })
    expect(typed.machine.phase).toMatchObject({ microphone: 'failed', troubles: { microphone: denied } })
    expect(typed.types).not.toContain('open_microphone')
  })

  it('goes on without the microphone when something was typed meanwhile', () => {
    const { machine } = run([start, { type: 'say', text: 'while you ask' }, { type: 'microphone_failed', trouble: denied }])
    expect(machine.state.name).toBe('connecting')
    expect(allowedActions(machine)).toContain('retry')
  })

  it('goes on when the microphone is unplugged, and ends the user\'s turn with silence', () => {
    const { machine, types } = run([...opened, speech(true), { type: 'microphone_failed', trouble: denied }], { turns: 1 })
    expect(machine.state.name).toBe('user-speaking')
    expect(types.at(-1)).toBe('send_silence')
  })

  it('sends silence when the user mutes in the middle of a sentence, or had just begun one', () => {
    expect(run([...opened, speech(true), { type: 'mute', muted: true }]).types.slice(-2)).toEqual(['set_muted', 'send_silence'])
    expect(run([...opened, { type: 'mute', muted: true }, speech(true)]).types.slice(-2)).toEqual(['set_muted', 'send_silence'])
  })

  it('keeps what was typed when the line is refused, and sends it with the next call', () => {
    const { machine } = run([{ type: 'say', text: 'important' }, { type: 'line_closed', trouble: lost }])
    const again = run([{ type: 'retry' }, { type: 'line_opened' }], { from: machine })
    expect(again.effects).toContainEqual({ type: 'say', text: 'important' })
    expect(again.types).not.toContain('open_microphone')
  })

  it('keeps the turns of a call whose line was lost, and begins afresh after one that ended', () => {
    const failed = run([...opened, { type: 'line_closed', trouble: lost }])
    expect(failed.machine.state).toEqual({ name: 'error', trouble: lost })
    expect(run([{ type: 'retry' }], { from: failed.machine }).effects[0]).toEqual({ type: 'begin', keepTurns: true })
    const ended = run([...opened, { type: 'end' }])
    expect(run([start], { from: ended.machine }).effects[0]).toEqual({ type: 'begin', keepTurns: false })
  })

  it('ends without trouble when the other side was done', () => {
    expect(run([...opened, { type: 'line_closed' }], { turns: 4, everyMs: 1000 }).machine.state).toEqual({ name: 'ended', durationMs: 3000, turns: 4 })
  })

  it('shows a fault that the call survives until the next turn', () => {
    const { machine } = run([...opened, speech(true), speech(false), { type: 'fault', trouble: lost, fatal: false }])
    expect(machine.state.name).toBe('listening')
    expect(machine.phase).toMatchObject({ troubles: { answer: lost } })
    expect(run([speech(true)], { from: machine }).machine.phase).toMatchObject({ troubles: { answer: undefined } })
  })
})

describe('a line that is lost while another is on its way', () => {
  const moving: CallInput = { type: 'line_moving', silentMs: 1500 }

  it('is reconnecting, says nothing of the old session any more, and goes on where the talker was', () => {
    const { states, types, machine } = run([...speaking, moving, { type: 'line_opened' }])
    expect(states.slice(-3)).toEqual(['speaking', 'reconnecting', 'listening'])
    expect(types.slice(-2)).toEqual(['move_line', 'start_sending'])
    expect(machine.phase).toMatchObject({ replies: [], playback: 'silent', line: 'up' })
  })

  it('keeps what is typed meanwhile, and says it there', () => {
    const { effects } = run([...opened, moving, { type: 'say', text: 'Hello' }, { type: 'line_opened' }])
    expect(effects.slice(-2)).toEqual([{ type: 'start_sending' }, { type: 'say', text: 'Hello' }])
  })

  it('keeps the floor for whoever holds it, and asks for the answer of whoever let go meanwhile', () => {
    const held: CallInput[] = [...opened, { type: 'hold', down: true }, moving]
    expect(run([...held, { type: 'line_opened' }]).types.slice(-2)).toEqual(['take_floor', 'start_sending'])
    const released = run([...held, { type: 'hold', down: false }, { type: 'line_opened' }], { everyMs: MIN_HOLD_MS })
    expect(released.types.slice(-3)).toEqual(['take_floor', 'start_sending', 'give_floor'])
  })

  it('ends as a lost line does when there is no other', () => {
    expect(run([...opened, moving, { type: 'line_closed', trouble: lost }]).machine.state).toMatchObject({ name: 'error' })
  })
})

describe('holding the floor', () => {
  it('takes the turn from the server while held, and asks for an answer when let go', () => {
    const held = run([...opened, { type: 'hold', down: true }])
    expect(held.machine.state.name).toBe('held')
    expect(held.types.at(-1)).toBe('take_floor')
    const released = run([{ type: 'hold', down: false }], { from: held.machine, atMs: MIN_HOLD_MS })
    expect(released.effects).toEqual([{ type: 'give_floor', ask: true }])
    expect(released.machine.state.name).toBe('thinking')
  })

  it('takes a hold that is too short for a slip', () => {
    const { effects, machine } = run([...opened, { type: 'hold', down: true }, { type: 'hold', down: false }])
    expect(effects.at(-1)).toEqual({ type: 'give_floor', ask: false })
    expect(machine.state.name).toBe('listening')
  })

  it('stops the answer first', () => {
    expect(run([...speaking, { type: 'hold', down: true }]).types.slice(-2)).toEqual(['silence', 'take_floor'])
  })

  it('starts the call when there is none, and holds once it is up', () => {
    const { types, states } = run([{ type: 'hold', down: true }, { type: 'microphone_opened' }, { type: 'line_opened' }])
    expect(types).toEqual(['begin', 'open_output', 'open_line', 'open_microphone', 'take_floor', 'start_sending'])
    expect(states).toEqual(['permission', 'connecting', 'held'])
  })

  it('sends what was said as one turn when let go before the line was up', () => {
    const inputs: CallInput[] = [{ type: 'hold', down: true }, { type: 'microphone_opened' }, { type: 'hold', down: false }, { type: 'line_opened' }]
    const { types, machine } = run(inputs, { everyMs: 1000 })
    expect(types.slice(-3)).toEqual(['take_floor', 'start_sending', 'give_floor'])
    expect(machine.state.name).toBe('thinking')
  })

  it('refuses a reply that the server began just before', () => {
    expect(run([...opened, { type: 'hold', down: true }, reply]).effects.at(-1)).toEqual({ type: 'silence', by: 'user', replyIds: ['r1'] })
  })

  it('does not break the promise of being muted', () => {
    const { machine } = run([...opened, { type: 'mute', muted: true }])
    expect(run([{ type: 'hold', down: true }], { from: machine }).machine).toBe(machine)
  })
})

const spent: Trouble = { code: 'budget_spent', detail: 'spent' }
const closedFor = (trouble: Trouble): CallInput => ({ type: 'line_closed', trouble })
const reached: CallInput = { type: 'limit_reached', of: 'person' }

describe('a limit that is reached', () => {
  it('shows it in place of everything else, and lets the goodbye be heard to its end although the line is gone', () => {
    const { states, types, machine } = run([...opened, reached, reply, { type: 'sound_queued' }, heard, closedFor(spent)])
    expect(states).toEqual(['permission', 'connecting', 'listening', 'limit'])
    expect(machine.state).toEqual({ name: 'limit', of: 'person' })
    expect(types.at(-1)).toBe('farewell')
    expect([...allowedActions(machine)]).toEqual(['end'])
    const over = run([{ type: 'sound_over' }], { from: machine, turns: 3, atMs: 900 })
    expect(over.machine.state).toEqual({ name: 'ended', durationMs: 900, turns: 3, because: 'person' })
    expect(over.types).toEqual(['release'])
  })

  it('waits for the goodbye no longer than a server gives it', () => {
    const { machine } = run([...speaking, reached, closedFor(spent)])
    expect(deadlineMs(machine)).toBe(FAREWELL_MS)
    expect(run([{ type: 'time' }], { from: machine, atMs: FAREWELL_MS - 1 }).machine.state.name).toBe('limit')
    expect(run([{ type: 'time' }], { from: machine, atMs: FAREWELL_MS }).machine.state).toMatchObject({ name: 'ended', because: 'person' })
  })

  it('ends at once when there is nothing to hear', () => {
    expect(run([...opened, reached, closedFor(spent)]).machine.state).toMatchObject({ name: 'ended', because: 'person' })
  })

  it('is no reason for the goodbye to be cut by somebody who was just speaking, or held the floor', () => {
    const spokenOver = run([...opened, reached, reply, { type: 'sound_queued' }, heard, speech(true)])
    expect(spokenOver.types).not.toContain('silence')
    const held = run([...opened, { type: 'hold', down: true }, reached, reply])
    expect(held.types).not.toContain('silence')
    expect(held.effects.at(-1)).toEqual({ type: 'give_floor', ask: false })
  })

  it('takes no more of what nobody would answer', () => {
    const { machine } = run([...opened, reached])
    expect([...allowedActions(machine)].sort()).toEqual(['end', 'interrupt', 'mute'])
    expect(run([{ type: 'say', text: 'one more' }], { from: machine }).effects).toEqual([])
  })

  it('does not show the words of the error that announces the close as trouble', () => {
    const { machine } = run([...speaking, { type: 'fault', trouble: spent, fatal: false }])
    expect(machine.phase).toMatchObject({ troubles: {} })
    expect(machine.state.name).toBe('speaking')
  })

  it.each([['call_too_long', 'time'], ['call_idle', 'idle'], ['server_draining', 'server'], ['budget_spent', 'budget']] as const)('ends a call closed with %s kindly: %s', (code, because) => {
    expect(run([...opened, closedFor({ code, detail: '' })]).machine.state).toMatchObject({ name: 'ended', because })
    expect(run([start, closedFor({ code, detail: '' })]).machine.state).toMatchObject({ name: 'error', trouble: { code } })
  })

  it('is trouble when the talker was signed out, with nothing left to hear', () => {
    const { machine, types } = run([...speaking, closedFor({ code: 'signed_out', detail: '' })])
    expect(machine.state).toMatchObject({ name: 'error', trouble: { code: 'signed_out' } })
    expect(types.at(-1)).toBe('release')
  })
})

const trouble = fc.constantFrom(denied, lost, spent)
const replyId = fc.constantFrom('r1', 'r2', 'r3')
const anyUserInput: fc.Arbitrary<UserInput> = fc.oneof(
  fc.constantFrom<UserInput>({ type: 'start' }, { type: 'end' }, { type: 'retry' }, { type: 'interrupt' }),
  fc.boolean().map(muted => ({ type: 'mute' as const, muted })),
  fc.boolean().map(down => ({ type: 'hold' as const, down })),
  fc.constantFrom('a', 'b').map(text => ({ type: 'say' as const, text })),
)
const anyInput: fc.Arbitrary<CallInput> = fc.oneof(
  anyUserInput,
  fc.constantFrom<CallInput>(
    { type: 'microphone_opened' }, { type: 'line_opened' }, { type: 'line_closed' }, { type: 'output_works' }, { type: 'time' }, { type: 'no_answer' },
    { type: 'sound_queued' }, { type: 'sound_heard', atMs: 0 }, { type: 'sound_over' }, { type: 'limit_reached', of: 'call' }, { type: 'limit_reached', of: 'time' },
  ),
  trouble.map(value => ({ type: 'microphone_failed' as const, trouble: value })),
  trouble.map(value => ({ type: 'output_failed' as const, trouble: value })),
  trouble.map(value => ({ type: 'line_closed' as const, trouble: value })),
  fc.record({ type: fc.constant('fault' as const), trouble, fatal: fc.boolean() }),
  fc.record({ type: fc.constant('user_speech' as const), on: fc.boolean() }),
  fc.record({ type: fc.constant('line_moving' as const), silentMs: fc.integer({ min: 0, max: 9000 }) }),
  fc.record({ type: fc.constant('reply_started' as const), replyId }),
  fc.record({ type: fc.constant('reply_ended' as const), replyId }),
)

const known = ['idle', 'permission', 'connecting', 'listening', 'user-speaking', 'thinking', 'speaking', 'interrupted', 'held', 'limit', 'error', 'ended']

describe('any sequence of inputs', () => {
  const sequence = fc.array(fc.tuple(anyInput, fc.integer({ min: 0, max: 20_000 })), { maxLength: 60 })
  function walk(inputs: [CallInput, number][], check: (before: CallMachine, input: CallInput, after: ReturnType<typeof step>, atMs: number) => void) {
    let machine = initialCall
    let atMs = 0
    for (const [input, waitMs] of inputs) {
      atMs += waitMs
      const result = step(machine, input, { atMs, turns: 1 })
      check(machine, input, result, atMs)
      if (result.effects.some(({ type }) => type === 'begin')) atMs = 0
      machine = result.machine
    }
  }

  it('leaves a valid state, from which a call can be started or ended', () => {
    fc.assert(fc.property(sequence, inputs => {
      walk(inputs, (_, __, { machine }) => {
        const allowed = allowedActions(machine)
        expect(known).toContain(machine.state.name)
        expect(machine.phase.name === 'running').toBe(!['idle', 'error', 'ended'].includes(machine.state.name))
        expect(allowed.has(machine.phase.name === 'running' ? 'end' : 'start')).toBe(true)
        // Nobody answers a call that is ending.
        expect(allowed.has('say')).toBe(machine.phase.name !== 'running' || !(machine.phase.farewell ?? (machine.state.name === 'limit')))
      })
    }))
  })

  it('never lets an action outside the allowed set have an effect', () => {
    fc.assert(fc.property(sequence, anyUserInput, (inputs, action) => {
      walk(inputs, (_, __, { machine }) => {
        if (allowedActions(machine).has(action.type as Action)) return
        expect(step(machine, action, { atMs: 0, turns: 0 })).toEqual({ machine, effects: [] })
      })
    }))
  })

  it('changes muted by the user alone', () => {
    fc.assert(fc.property(sequence, inputs => {
      walk(inputs, (before, input, { machine }) => { if (input.type !== 'mute') expect(machine.muted).toBe(before.muted) })
    }))
  })

  it('releases each call it began exactly once, and asks nothing of a call that is over', () => {
    fc.assert(fc.property(sequence, inputs => {
      let open = false
      walk(inputs, (_, __, { effects }) => {
        for (const { type } of effects) {
          if (type === 'begin') expect(open).toBe(false)
          else expect(open).toBe(true)
          open = type !== 'release' && (open || type === 'begin')
        }
      })
    }))
  })

  it('asks nothing of a line that is gone but to be let go, and lets go soon', () => {
    fc.assert(fc.property(sequence, inputs => {
      walk(inputs, (before, input, { machine, effects }, atMs) => {
        if (before.phase.name !== 'running' || !before.phase.farewell) return
        expect(effects.map(({ type }) => type).filter(type => type !== 'release')).toEqual([])
        if (input.type === 'time' && atMs >= before.phase.farewell.sinceMs + FAREWELL_MS) expect(machine.phase.name).toBe('ended')
      })
    }))
  })

  it('never waits for a time that has passed', () => {
    fc.assert(fc.property(sequence, inputs => {
      walk(inputs, (_, __, { machine }, atMs) => {
        const due = deadlineMs(machine)
        if (due === undefined) return
        const after = step(machine, { type: 'time' }, { atMs: Math.max(due, atMs), turns: 1 }).machine
        const next = deadlineMs(after)
        if (next !== undefined) expect(next).toBeGreaterThan(due)
      })
    }))
  })
})
