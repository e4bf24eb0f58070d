import { describe, expect, it } from 'vitest'
import { startRetention } from '../../../../server/store/retention.ts'
import { StoreError } from '../../../../server/store/store.ts'

const DAY_MS = 86_400_000

function scene(batches: (number | StoreError)[], days = 30) {
  const waits: number[] = []
  const asked: [number, number][] = []
  const deletedFiles: string[] = []
  const troubles: string[] = []
  let due: (() => void) | undefined
  const stop = startRetention({
    days,
    nowMs: () => 100 * DAY_MS,
    setTimer(callback, delayMs) {
      waits.push(delayMs)
      due = callback
      return () => { due = undefined }
    },
    store: {
      async deleteOlderThan(atMs, limit) {
        asked.push([atMs / DAY_MS, limit])
        const next = batches.shift() ?? 0
        if (typeof next !== 'number') throw next
        return { conversations: next, audioKeys: next > 0 ? [`key_${asked.length}`] : [] }
      },
    },
    deleteAudio: async keys => { deletedFiles.push(...keys) },
    onTrouble: error => troubles.push(error.code),
    onDeleted: () => {},
  })
  async function pass() {
    due?.()
    await new Promise(resolve => { setImmediate(resolve) })
  }
  return { waits, asked, deletedFiles, troubles, pass, stop, get isWaiting() { return due !== undefined } }
}

describe('retention', () => {
  it('deletes what is too old a few at a time with pauses, its files too, and looks again in an hour', async () => {
    const { waits, asked, deletedFiles, pass } = scene([20, 20, 3])
    for (let n = 0; n < 3; n++) await pass()
    expect(asked).toEqual([[70, 20], [70, 20], [70, 20]])
    expect(deletedFiles).toEqual(['key_1', 'key_2', 'key_3'])
    expect(waits).toEqual([60_000, 250, 250, 3_600_000])
  })

  it('a store that fails is asked again in an hour', async () => {
    const { waits, troubles, pass } = scene([new StoreError('gone', 'Away.')])
    await pass()
    expect([troubles, waits]).toEqual([['gone'], [60_000, 3_600_000]])
  })

  it('0 days keeps everything', () => { expect(scene([5], 0).waits).toEqual([]) })

  it('stops', async () => {
    const watched = scene([20, 20])
    await watched.pass()
    watched.stop()
    expect(watched.isWaiting).toBe(false)
  })
})
