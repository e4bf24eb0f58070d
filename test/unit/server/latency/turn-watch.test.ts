import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTurnWatch } from '../../../../server/latency/turn-watch.ts'
import { AudioFlow } from '../../../../server/relay/audio-flow.ts'
import type { TurnLatency } from '../../../../server/store/journal-entry.ts'

/** One call, whose time passes as the test says; it began when the clock stood at 5 s. */
function call() {
  let nowMs = 5000
  const told: TurnLatency[] = []
  const watch = createTurnWatch({ nowMs: () => nowMs, onTurn: latency => told.push(latency) })
  const { observer } = watch
  const flow = new AudioFlow()
  observer.flows!(flow)
  const carried = (event: { type: string }, passedAfterMs = 0) => {
    observer.arrived!()
    nowMs += passedAfterMs
    observer.carried!('model', event.type, Buffer.from(JSON.stringify(event)))
  }
  return {
    watch, told,
    at(callMs: number) { nowMs = 5000 + callMs },
    says(ms: number) { flow.append(ms * 48, ms * 64, nowMs) },
    hears(event: { type: string, [field: string]: unknown }) {
      observer.arrived!()
      observer.serverEvent!(event)
      observer.carried!('model', event.type, JSON.stringify(event))
    },
    delta(type: 'output_audio' | 'output_audio_transcript', item: string, passedAfterMs?: number) {
      carried({ type: `response.${type}.delta`, response_id: 'resp_1', item_id: item, delta: 'AAAA' } as { type: string }, passedAfterMs)
    },
  }
}

const created = (id = 'resp_1', conversation: string | null = 'conv_x') => ({ type: 'response.created', response: { id, conversation_id: conversation } })
const done = (id = 'resp_1') => ({ type: 'response.done', response: { id, status: 'completed' } })

/** Half a second was said before the line was up; speech ends 1200 ms into the call, and the answer begins to come at 2200. */
function answered(one: ReturnType<typeof call>) {
  one.says(500)
  for (let ms = 100; ms <= 2000; ms += 100) {
    one.at(ms)
    one.says(100)
  }
  one.hears({ type: 'input_audio_buffer.speech_started', item_id: 'item_1', audio_start_ms: 700 })
  one.hears({ type: 'input_audio_buffer.speech_stopped', item_id: 'item_1', audio_end_ms: 1700 })
  one.at(2010)
  one.hears({ type: 'input_audio_buffer.committed', item_id: 'item_1' })
  one.hears(created())
  one.at(2100)
  one.delta('output_audio_transcript', 'item_2')
  one.at(2200)
  one.delta('output_audio', 'item_2')
}

describe('a spoken turn', () => {
  it('is told once the page heard the answer and it was done, by one clock', () => {
    const one = call()
    answered(one)
    one.at(2400)
    one.watch.heard('item_2', 50)
    expect(one.told).toEqual([])
    one.hears(done())
    expect(one.told).toEqual([{ responseId: 'resp_1', speechEndMs: 1200, committedMs: 810, firstTextMs: 900, firstAudioMs: 1000, firstHeardMs: 1150, relayMs: 0 }])
  })

  it('waits, when it is done, for a page that reports later, but not beyond the next turn', () => {
    const one = call()
    answered(one)
    one.hears(done())
    expect(one.told).toEqual([])
    one.hears({ type: 'input_audio_buffer.speech_started', item_id: 'item_3', audio_start_ms: 2000 })
    expect(one.told.map(({ firstHeardMs }) => firstHeardMs)).toEqual([null])
  })

  it('nor beyond the end of the call', () => {
    const one = call()
    answered(one)
    one.watch.end()
    expect(one.told).toMatchObject([{ firstAudioMs: 1000, firstHeardMs: null }])
  })

  it('has as the relay\'s share the first audio\'s time in it, and that of a message of the talker\'s', () => {
    const one = call()
    one.watch.observer.timed!('client', 0.25)
    one.hears({ type: 'input_audio_buffer.committed', item_id: 'item_1' })
    one.hears(created())
    one.delta('output_audio', 'item_2', 2)
    one.delta('output_audio', 'item_2', 900)
    one.watch.heard('item_2', 0)
    one.hears(done())
    expect(one.told[0]).toMatchObject({ relayMs: 2.25, firstAudioMs: 2 })
  })

  it('ends, without voice detection, when it was committed', () => {
    const one = call()
    one.at(700)
    one.hears({ type: 'input_audio_buffer.committed', item_id: 'item_1' })
    one.hears(created())
    one.at(1000)
    one.delta('output_audio', 'item_2')
    one.watch.end()
    expect(one.told).toMatchObject([{ speechEndMs: 700, committedMs: 0, firstTextMs: null, firstAudioMs: 300 }])
  })

  it('whose words come after its first sound has both', () => {
    const one = call()
    one.hears({ type: 'input_audio_buffer.committed', item_id: 'item_1' })
    one.hears(created())
    one.at(100)
    one.delta('output_audio', 'item_2')
    one.at(150)
    one.delta('output_audio_transcript', 'item_2')
    one.watch.end()
    expect(one.told).toMatchObject([{ firstAudioMs: 100, firstTextMs: 150 }])
  })

  it('whose sound goes another way has no share of the relay', () => {
    const one = call()
    one.at(2000)
    one.hears({ type: 'input_audio_buffer.speech_stopped', item_id: 'item_1', audio_end_ms: 1800 })
    one.hears({ type: 'input_audio_buffer.committed', item_id: 'item_1' })
    one.hears(created())
    one.at(2300)
    one.hears({ type: 'output_audio_buffer.started', response_id: 'resp_1' })
    one.at(2500)
    one.watch.heard('resp_1', 100)
    one.hears(done())
    expect(one.told).toMatchObject([{ speechEndMs: 2000, firstAudioMs: 300, firstHeardMs: 400, relayMs: null }])
  })
})

describe('what is no spoken turn', () => {
  it('a typed one, and a response beside the conversation, are not told', () => {
    const one = call()
    one.hears(created())
    one.delta('output_audio', 'item_2')
    one.hears(done())
    one.hears({ type: 'input_audio_buffer.committed', item_id: 'item_3' })
    one.hears(created('resp_2', null))
    one.hears(done('resp_2'))
    one.watch.end()
    expect(one.told).toEqual([])
  })
})

describe('what a page says it heard', () => {
  it('was not heard before it was passed on, however long it says it played', () => {
    const one = call()
    answered(one)
    one.at(2300)
    one.watch.heard('item_2', 86_400_000)
    one.hears(done())
    expect(one.told[0]!.firstHeardMs).toBe(1000)
  })

  it('counts for the answer it is about, once, and only when that answer sounds', () => {
    const one = call()
    one.watch.heard('item_2', 0)
    answered(one)
    one.watch.heard('item_9', 0)
    one.at(2260)
    one.watch.heard('item_2', 0)
    one.at(9000)
    one.watch.heard('item_2', 0)
    one.hears(done())
    expect(one.told[0]!.firstHeardMs).toBe(1060)
  })

  it('whatever comes in whatever order: no number is negative, and no turn is told twice', () => {
    const act = fc.constantFrom('speech_started', 'speech_stopped', 'committed', 'created', 'audio', 'text', 'heard', 'done', 'wait', 'buffer')
    fc.assert(fc.property(fc.array(act, { maxLength: 60 }), acts => {
      const one = call()
      let nowMs = 0
      let turn = 0
      for (const name of acts) {
        one.at(nowMs += 7)
        const id = `resp_${turn}`
        switch (name) {
          case 'speech_started': case 'speech_stopped': case 'committed': one.hears({ type: `input_audio_buffer.${name}`, item_id: 'i', audio_end_ms: 3 }); break
          case 'created': one.hears(created(`resp_${++turn}`)); break
          case 'audio': one.delta('output_audio', 'item_2'); break
          case 'text': one.delta('output_audio_transcript', 'item_2'); break
          case 'heard': one.watch.heard('item_2', 40); break
          case 'done': one.hears(done(id)); break
          case 'buffer': one.hears({ type: 'output_audio_buffer.started', response_id: id }); break
          default: one.at(nowMs += 500)
        }
      }
      one.watch.end()
      const ids = one.told.map(({ responseId }) => responseId)
      expect(new Set(ids).size).toBe(ids.length)
      const numbers = one.told.flatMap(turn => [turn.committedMs, turn.firstTextMs, turn.firstAudioMs, turn.firstHeardMs, turn.relayMs])
      expect(numbers.filter(ms => ms !== null && !(ms >= 0))).toEqual([])
      for (const { firstAudioMs, firstHeardMs } of one.told) if (firstHeardMs !== null) expect(firstHeardMs).toBeGreaterThanOrEqual(firstAudioMs!)
    }))
  })
})
