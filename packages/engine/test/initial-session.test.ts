import { describe, expect, it } from 'vitest'
import { createEngine, plannedSession } from '../src/index.ts'
import type { OpenOptions } from '../src/index.ts'
import { createManualClock } from '../../../test/fakes/manual-clock.ts'
import { createCountedIds } from '../../../test/fakes/engine-options.ts'
import { createFakeStages } from '../../../test/fakes/fake-stages.ts'

const tool = { type: 'function' as const, name: 'get_weather', parameters: { type: 'object' } }

function firstEvents(options: Omit<OpenOptions, 'model'>) {
  const sent: { type: string, session?: object, error?: object }[] = []
  const engine = createEngine({ stages: createFakeStages(), clock: createManualClock(), ids: createCountedIds() })
  engine.openSession({ send: text => sent.push(JSON.parse(text) as { type: string }), close() {} }, { model: 'm', ...options }).close()
  return sent
}

describe('a session that was described beforehand', () => {
  it('begins with what was asked, the rest being the defaults', () => {
    const [created, ...rest] = firstEvents({ session: { type: 'realtime', instructions: 'Be brief.', tools: [tool], audio: { output: { voice: 'cedar' }, input: { turn_detection: null } } } })
    expect(created).toMatchObject({
      type: 'session.created',
      session: { model: 'm', instructions: 'Be brief.', tools: [tool], max_output_tokens: 'inf', audio: { output: { voice: 'cedar', speed: 1 }, input: { turn_detection: null } } },
    })
    expect(rest).toEqual([])
  })

  it('that only listens begins with what was asked, too', () => {
    const [created] = firstEvents({ intent: 'transcription', session: { type: 'transcription', audio: { input: { transcription: { language: 'de' } } } } })
    expect(created).toMatchObject({ session: { type: 'transcription', audio: { input: { transcription: { model: 'm', language: 'de' } } } } })
  })

  it.each([
    ['of the other kind', { session: { type: 'transcription' } }, 'session.type'],
    ['that can\'t be had', { session: { type: 'realtime', instructions: 'x', tools: [tool, tool] } }, 'session.tools[1].name'],
  ] as const)('%s begins with the defaults and an error', (_name, options, param) => {
    const [created, error] = firstEvents(options as Omit<OpenOptions, 'model'>)
    expect(created).toMatchObject({ session: { instructions: '', tools: [] } })
    expect(error).toMatchObject({ type: 'error', error: { param } })
  })

  it('can be looked at before there is one', () => {
    const facts = { id: 'sess_1', model: 'm', voice: 'marin' }
    expect(plannedSession(facts, undefined)).toMatchObject({ ok: true, session: { id: 'sess_1', object: 'realtime.session', expires_at: 0, audio: { output: { voice: 'marin' } } } })
    expect(plannedSession(facts, { type: 'transcription' })).toMatchObject({ ok: true, session: { object: 'realtime.transcription_session', expires_at: 0 } })
    expect(plannedSession(facts, { type: 'realtime', model: 'another' })).toMatchObject({ ok: false, error: { param: 'session.model' } })
  })
})
