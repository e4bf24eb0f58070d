import { describe, expect, test } from 'vitest'
import { stageLook } from '../../../../app/components/stage/stage-look.ts'

describe('what the stage claims', () => {
  test('mute shows where the page would otherwise say it listens, and nowhere else', () => {
    expect(stageLook({ state: { name: 'listening' }, muted: true, microphone: 'on' }).name).toBe('muted')
    expect(stageLook({ state: { name: 'speaking', sinceMs: 0 }, muted: true, microphone: 'on' }).name).toBe('speaking')
  })

  test('without a microphone it does not say that it listens', () => {
    expect(stageLook({ state: { name: 'listening' }, muted: false, microphone: 'off' })).toMatchObject({ name: 'typing', hue: 'neutral' })
    expect(stageLook({ state: { name: 'listening' }, muted: false, microphone: 'failed' }).name).toBe('typing')
  })

  test('where turns are taken by hand it does not claim to listen; mute and a missing microphone are said first', () => {
    const listening = { state: { name: 'listening' }, muted: false, microphone: 'on' } as const
    expect(stageLook(listening, true)).toMatchObject({ name: 'by-hand', mark: 'ring' })
    expect(stageLook({ ...listening, muted: true }, true).name).toBe('muted')
    expect(stageLook({ ...listening, microphone: 'off' }, true).name).toBe('typing')
    expect(stageLook({ ...listening, state: { name: 'thinking', sinceMs: 0 } }, true).name).toBe('thinking')
  })

  test('time stands still before and after a call', () => {
    const moving = (state: Parameters<typeof stageLook>[0]['state']) => stageLook({ state, muted: false, microphone: 'on' }).moving
    expect([moving({ name: 'idle' }), moving({ name: 'permission' }), moving({ name: 'ended', durationMs: 0, turns: 0 })]).toEqual([false, false, false])
    expect([moving({ name: 'connecting', sinceMs: 0 }), moving({ name: 'thinking', sinceMs: 0 })]).toEqual([true, true])
  })
})
