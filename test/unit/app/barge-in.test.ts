import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDucked } from '../../../app/voice/call-consequences.ts'
import type { CallEffect, CallInput } from '../../../app/voice/call-inputs.ts'
import { step } from '../../../app/voice/call-machine.ts'
import { deadlineMs, initialCall } from '../../../app/voice/call-phase.ts'
import type { CallMachine } from '../../../app/voice/call-phase.ts'
import { MAX_DOUBT_MS, QUIET_MS, WORDS_MS } from '../../../app/voice/overlap.ts'
import { asksForTime, onlyListens, saysStop } from '../../../app/voice/spoken-cues.ts'
import { bargeInModes, voiceSettingsDefaults } from '../../../app/voice/voice-settings.ts'
import type { BargeInMode } from '../../../app/voice/voice-settings.ts'

const FRAME_MS = 40

/** A call in which an answer sounds, whose page decides what interrupts it; time goes on frame by frame, deadlines are kept. */
function answering(bargeIn: BargeInMode = 'normal', listens: 'page' | 'server' = 'page') {
  let machine: CallMachine = initialCall
  let atMs = 0
  const effects: CallEffect[] = []
  function give(input: CallInput) {
    const result = step(machine, input, { atMs, turns: 1 })
    machine = result.machine
    effects.push(...result.effects)
  }
  const call = {
    give,
    /** What the page's ear hears for so long; each frame this much speech. */
    hears(ms: number, speechMs = FRAME_MS) {
      for (let left = ms; left > 0; left -= FRAME_MS) {
        const to = atMs + FRAME_MS
        for (let due = deadlineMs(machine); due !== undefined && due <= to; due = deadlineMs(machine)) {
          atMs = Math.max(atMs, due)
          give({ type: 'time' })
        }
        atMs = to
        give({ type: 'voice', ms: speechMs })
      }
    },
    quiet: (ms: number) => call.hears(ms, 0),
    speech: (on: boolean, segmentId = 'u1', agoMs = 0) => give({ type: 'user_speech', on, segmentId, atMs: atMs - agoMs }),
    get state() { return machine.state.name },
    get ducked() { return isDucked(machine.phase) },
    get atMs() { return atMs },
    /** Names of the effects since the last time this was asked. */
    did: () => effects.splice(0).map(({ type }) => type),
    effects,
  }
  give({ type: 'configured', habits: { ...voiceSettingsDefaults, bargeIn } })
  for (const input of [{ type: 'start' }, { type: 'microphone_opened' }, { type: 'line_opened', listens }] as const) give(input)
  for (const input of [{ type: 'reply_started', replyId: 'r1' }, { type: 'sound_queued' }, { type: 'sound_heard', atMs: 0 }] as const) give(input)
  effects.splice(0)
  return call
}

describe('speech over an answer', () => {
  it('makes the voice give way at once, and interrupts once it has lasted 400 ms', () => {
    const call = answering()
    call.hears(40)
    expect(call.did()).toEqual(['duck'])
    expect(call.state).toBe('speaking')
    call.hears(320)
    expect(call.did()).toEqual([])
    call.hears(40)
    expect(call.did()).toEqual(['silence', 'unduck'])
    expect(call.state).toBe('interrupted')
  })

  it.each([['normal', 400], ['cautious', 800]] as const)('in %s mode interrupts after %i ms, pauses within words included', (mode, neededMs) => {
    const call = answering(mode)
    let spoken = 0
    while (!call.did().includes('silence')) {
      call.hears(120)
      spoken += 120
      call.quiet(40)
      expect(call.atMs).toBeLessThan(neededMs * 1.7)
    }
    expect(spoken).toBeGreaterThanOrEqual(neededMs)
  })

  it.each([['a cough', 240], ['an mhm', 320]])('comes to nothing when it was %s: the voice comes back, and no turn is answered', (_what, ms) => {
    const call = answering()
    call.hears(80)
    call.speech(true, 'u1', 380)
    call.hears(ms - 80)
    expect(call.ducked).toBe(true)
    call.quiet(QUIET_MS)
    expect(call.ducked).toBe(false)
    expect(call.did()).toEqual(['duck', 'unduck'])
    call.quiet(200)
    call.speech(false, 'u1', 500)
    call.give({ type: 'answer_due', segmentId: 'u1' })
    call.quiet(WORDS_MS)
    expect(call.effects).toContainEqual({ type: 'discard_turn', segmentId: 'u1' })
    expect(call.did()).toEqual(['discard_turn'])
    expect(call.state).toBe('speaking')
  })

  it('is answered by the page when it interrupted', () => {
    const call = answering()
    call.hears(440)
    call.speech(true, 'u1', 700)
    call.hears(600)
    call.quiet(500)
    call.speech(false, 'u1', 500)
    call.did()
    call.give({ type: 'answer_due', segmentId: 'u1' })
    expect(call.did()).toEqual(['answer'])
    expect(call.state).toBe('thinking')
  })

  it('interrupts late when its one short word was a stop', () => {
    const call = answering()
    call.hears(80)
    call.speech(true, 'u1', 380)
    call.hears(160)
    call.quiet(700)
    call.speech(false, 'u1', 600)
    call.give({ type: 'answer_due', segmentId: 'u1' })
    call.did()
    call.give({ type: 'words', segmentId: 'u1', text: 'Stop!', final: true })
    expect(call.did()).toEqual(['silence', 'answer'])
  })

  it('comes to nothing at once when its words only listen', () => {
    const call = answering()
    call.hears(200)
    call.speech(true)
    call.did()
    call.give({ type: 'words', segmentId: 'u1', text: 'Mm-hmm, yeah.', final: false })
    expect(call.did()).toEqual(['unduck'])
  })

  it('interrupts when the server heard a long turn that the page\'s ear missed', () => {
    const call = answering()
    call.speech(true)
    call.quiet(2000)
    call.speech(false, 'u1', 500)
    call.did()
    call.give({ type: 'answer_due', segmentId: 'u1' })
    expect(call.did()).toEqual(['silence', 'answer'])
  })

  it('is a turn like any other when it goes on beyond the answer', () => {
    const call = answering()
    call.hears(120)
    call.speech(true, 'u1', 400)
    call.give({ type: 'reply_ended', replyId: 'r1' })
    call.give({ type: 'sound_over' })
    expect(call.state).toBe('user-speaking')
    call.hears(1000)
    call.speech(false)
    call.give({ type: 'answer_due', segmentId: 'u1' })
    expect(call.did()).toEqual(['duck', 'unduck', 'answer'])
  })

  it('interrupts at once in eager mode', () => {
    const call = answering('eager')
    call.hears(200)
    expect(call.did()).toEqual([])
    call.speech(true)
    expect(call.did()).toEqual(['silence'])
  })

  it('interrupts at once where the server does, whatever the mode', () => {
    const call = answering('cautious', 'server')
    call.speech(true)
    expect(call.did()).toContain('silence')
  })

  it('does nothing when barging in is off, and is dropped, unless it goes on beyond the answer', () => {
    const call = answering('off')
    call.hears(200)
    call.speech(true, 'u1', 400)
    call.hears(1500)
    call.speech(false, 'u1')
    call.give({ type: 'answer_due', segmentId: 'u1' })
    expect(call.did()).toEqual(['discard_turn'])
    call.speech(true, 'u2')
    call.give({ type: 'reply_ended', replyId: 'r1' })
    call.give({ type: 'sound_over' })
    call.hears(400)
    expect(call.state).toBe('user-speaking')
    call.speech(false, 'u2')
    call.give({ type: 'answer_due', segmentId: 'u2' })
    expect(call.did()).toContain('answer')
  })

  it('does not keep the voice waiting for ever, however often it crackles', () => {
    const call = answering('cautious')
    for (let at = 0; at < MAX_DOUBT_MS + 200; at += 200) {
      call.hears(40, 20)
      call.quiet(160)
    }
    expect(call.did()).toEqual(['duck', 'unduck'])
    expect(call.ducked).toBe(false)
  })

  it('asks for no answer by the page while nothing is spoken over: an ordinary turn costs no round trip', () => {
    const call = answering()
    const wishes = () => call.effects.flatMap(effect => effect.type === 'wish_turns' ? [effect.turns.answeredBy] : [])
    call.give({ type: 'reply_ended', replyId: 'r1' })
    call.give({ type: 'sound_over' })
    expect(wishes()).toEqual([undefined])
    call.give({ type: 'reply_started', replyId: 'r2' })
    expect(wishes()).toEqual([undefined, 'page'])
  })

  it('waits longer for the next turn when somebody asked for a moment, and then no more', () => {
    const call = answering()
    const patient = () => call.effects.splice(0).flatMap(effect => effect.type === 'wish_turns' ? [effect.turns.patient] : [])
    call.give({ type: 'words', segmentId: 'u0', text: 'Hm, let me think.', final: true })
    expect(patient()).toEqual([true])
    call.give({ type: 'words', segmentId: 'u1', text: 'Tuesday, then.', final: true })
    expect(patient()).toEqual([undefined])
  })
})

describe('any order of what is said, heard and answered', () => {
  const segmentId = fc.constantFrom('u1', 'u2')
  const replyId = fc.constantFrom('r1', 'r2')
  const input: fc.Arbitrary<CallInput> = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 20, 40, 80).map(ms => ({ type: 'voice' as const, ms })) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('user_speech' as const), on: fc.boolean(), segmentId }) },
    fc.record({ type: fc.constant('answer_due' as const), segmentId }),
    fc.record({ type: fc.constant('words' as const), segmentId, text: fc.constantFrom('', 'stop', 'mhm', 'what about Tuesday', 'let me think'), final: fc.boolean() }),
    fc.record({ type: fc.constant('reply_started' as const), replyId }),
    fc.record({ type: fc.constant('reply_ended' as const), replyId }),
    fc.constantFrom<CallInput>({ type: 'sound_queued' }, { type: 'sound_heard', atMs: 0 }, { type: 'sound_over' }, { type: 'interrupt' }, { type: 'say', text: 'x' },
      { type: 'mute', muted: true }, { type: 'mute', muted: false }, { type: 'hold', down: true }, { type: 'hold', down: false }, { type: 'limit_reached', of: 'time' },
      { type: 'line_closed' }, { type: 'line_closed', trouble: { code: 'budget_spent', detail: '' } },
      { type: 'line_opened', listens: 'server' }, { type: 'line_opened', listens: 'page' }, { type: 'line_opened', listens: 'finger' }, { type: 'start' }, { type: 'microphone_opened' }, { type: 'no_answer' }),
    fc.constantFrom(...bargeInModes).map(bargeIn => ({ type: 'configured' as const, habits: { ...voiceSettingsDefaults, bargeIn } })),
  )
  const orders = fc.array(fc.tuple(input, fc.integer({ min: 0, max: 400 })), { maxLength: 80 })

  type Check = (before: CallMachine, input: CallInput, after: CallMachine, effects: readonly CallEffect[], atMs: number) => void
  function walk(inputs: [CallInput, number][], check: Check): CallMachine {
    let machine: CallMachine = initialCall
    let atMs = 0
    const opening: [CallInput, number][] = ([
      { type: 'start' }, { type: 'microphone_opened' }, { type: 'line_opened', listens: 'page' }, { type: 'reply_started', replyId: 'r1' }, { type: 'sound_queued' }, { type: 'sound_heard', atMs: 0 },
    ] as const).map(first => [first, 0])
    for (const [next, waitMs] of [...opening, ...inputs]) {
      const until = atMs + waitMs
      for (let due = deadlineMs(machine); due !== undefined && due <= until; due = deadlineMs(machine)) {
        atMs = Math.max(atMs, due)
        take({ type: 'time' })
      }
      atMs = until
      take(next)
    }
    return machine
    function take(next: CallInput) {
      const { machine: after, effects } = step(machine, next, { atMs, turns: 1 })
      check(machine, next, after, effects, atMs)
      machine = after
    }
  }
  const types = (effects: readonly CallEffect[]) => effects.map(({ type }) => type)

  it('pairs every duck with an unduck or the end of the call, in turn', () => {
    fc.assert(fc.property(orders, inputs => {
      let ducked = false
      walk(inputs, (_, __, after, effects) => {
        for (const type of types(effects)) {
          if (type === 'duck') {
            expect(ducked).toBe(false)
            ducked = true
          }
          if (type === 'unduck') expect(ducked).toBe(true)
          if (type === 'unduck' || type === 'release') ducked = false
        }
        expect(isDucked(after.phase)).toBe(ducked)
      })
    }), { numRuns: 500 })
  })

  it('gives the voice back in time when nothing more is heard', () => {
    fc.assert(fc.property(orders, inputs => {
      let machine = walk(inputs, () => {})
      let atMs = inputs.reduce((sum, [, waitMs]) => sum + waitMs, 0)
      const since = atMs
      for (let due = deadlineMs(machine); isDucked(machine.phase) && due !== undefined; due = deadlineMs(machine)) {
        atMs = Math.max(atMs, due)
        machine = step(machine, { type: 'time' }, { atMs, turns: 1 }).machine
      }
      expect(isDucked(machine.phase)).toBe(false)
      expect(atMs - since).toBeLessThanOrEqual(QUIET_MS)
    }), { numRuns: 500 })
  })

  it('never cuts an answer in normal or cautious mode because of a sound that was not confirmed', () => {
    fc.assert(fc.property(orders, inputs => {
      let heard: { atMs: number, ms: number }[] = []
      walk(inputs, (before, next, _, effects, atMs) => {
        if (next.type === 'voice') heard = [...heard, { atMs, ms: next.ms }].filter(part => part.atMs > atMs - 1200)
        if (before.phase.name !== 'running' || before.phase.listens !== 'page' || !['normal', 'cautious'].includes(before.habits.bargeIn)) return
        const cut = effects.some(effect => effect.type === 'silence' && effect.by === 'barge_in')
        if (!cut) return
        const enough = heard.reduce((sum, { ms }) => sum + ms, 0) >= 400
        const { turn, overlap } = before.phase
        const lasting = turn !== undefined && atMs - turn.fromMs >= 1000
        const long = overlap?.spoken !== undefined && overlap.spoken.toMs - overlap.spoken.fromMs >= 700
        expect(next.type === 'words' || enough || lasting || long).toBe(true)
      })
    }), { numRuns: 500 })
  })

  it('never interrupts by speech when that is off, nor ducks', () => {
    fc.assert(fc.property(orders, inputs => {
      walk(inputs, (before, next, _, effects) => {
        if (before.habits.bargeIn !== 'off' || before.phase.name !== 'running' || before.phase.listens !== 'page' || next.type === 'configured' || next.type === 'line_opened') return
        expect(types(effects)).not.toContain('duck')
        expect(effects.some(effect => effect.type === 'silence' && effect.by === 'barge_in')).toBe(false)
      })
    }), { numRuns: 300 })
  })

  it('asks for an answer only where one is due, once, and drops a turn only once', () => {
    fc.assert(fc.property(orders, inputs => {
      walk(inputs, (_, next, __, effects) => {
        const asked = types(effects).filter(type => type === 'answer').length
        expect(asked).toBeLessThanOrEqual(1)
        if (asked) expect(['answer_due', 'words']).toContain(next.type)
        const dropped = effects.flatMap(effect => effect.type === 'discard_turn' ? [effect.segmentId] : [])
        if (asked && next.type === 'answer_due') expect(dropped).not.toContain(next.segmentId)
      })
    }), { numRuns: 300 })
  })
})

describe('words that decide by themselves', () => {
  it.each(['Stop.', 'no, wait', 'Hold on!', '待って。', 'ちょっと待って'])('"%s" says stop', text => expect(saysStop(text)).toBe(true))
  it.each(['I know', 'stopping by', 'yeah', 'nobody'])('"%s" does not', text => expect(saysStop(text)).toBe(false))
  it.each(['mhm', 'Yeah, okay.', 'うん、うん', 'yeah yeah', 'なるほど'])('"%s" only listens', text => expect(onlyListens(text)).toBe(true))
  it.each(['', 'yeah but why', 'okay go on to Tuesday'])('"%s" does more, or nothing', text => expect(onlyListens(text)).toBe(false))
  it.each(['Let me think.', 'wait a moment', 'ちょっと待って', '少し考えさせて', 'Hold on a second, please'])('"%s" asks for time', text => expect(asksForTime(text)).toBe(true))
  it.each(['I waited a moment of my life', 'what do you think'])('"%s" does not ask for time', text => expect(asksForTime(text)).toBe(false))
})
