import { describe, expect, it } from 'vitest'
import { createNetworkMemory, REMEMBERED_MS } from '../../../app/voice/network-memory.ts'

function remembering() {
  const stored = new Map<string, string>()
  let nowMs = 1_000_000
  let type: string | undefined = 'wifi'
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => { stored.set(key, value) },
    removeItem: (key: string) => { stored.delete(key) },
  }
  return {
    stored,
    memory: createNetworkMemory({ storage, nowMs: () => nowMs, connection: () => type === undefined ? undefined : { type } }),
    pass(ms: number) { nowMs += ms },
    go(to: string | undefined) { type = to },
  }
}

describe('a network in which WebRTC failed', () => {
  it('is remembered for a day, and no other with it', () => {
    const { memory, pass, go } = remembering()
    memory.remember()
    expect(memory.failed()).toBe(true)
    go('cellular')
    expect(memory.failed()).toBe(false)
    go('wifi')
    pass(REMEMBERED_MS - 1)
    expect(memory.failed()).toBe(true)
    pass(1)
    expect(memory.failed()).toBe(false)
  })

  it('is one for all where the browser tells nothing of it', () => {
    const { memory, go } = remembering()
    go(undefined)
    memory.remember()
    expect(memory.failed()).toBe(true)
  })

  it('is forgotten when WebRTC gets through', () => {
    const { memory, stored } = remembering()
    memory.remember()
    memory.forget()
    expect(memory.failed()).toBe(false)
    expect(stored.size).toBe(0)
  })

  it('is one of a handful, the newest', () => {
    const { memory, go } = remembering()
    for (let i = 0; i < 20; i++) {
      go(`net${i}`)
      memory.remember()
    }
    expect(memory.failed()).toBe(true)
    go('net1')
    expect(memory.failed()).toBe(false)
  })

  it.each(['nonsense', '{}', '[[1,2]]', '[["wifi","x"]]', '[["wifi",9e15]]', 'null'])('is none where somebody wrote %s', text => {
    const { memory, stored } = remembering()
    stored.set('kaiwa-webrtc-failed', text)
    expect(memory.failed()).toBe(false)
    memory.remember()
    expect(memory.failed()).toBe(true)
  })

  it('costs nothing but the memory where nothing may be stored', () => {
    const forbidden = () => { throw new Error('SecurityError') }
    const storage = { getItem: forbidden, setItem: forbidden, removeItem: forbidden }
    const memory = createNetworkMemory({ storage, nowMs: () => 0, connection: () => undefined })
    memory.remember()
    memory.forget()
    expect(memory.failed()).toBe(false)
  })
})
