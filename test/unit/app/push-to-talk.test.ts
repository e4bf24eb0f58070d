import { describe, expect, it } from 'vitest'
import { createFakePage } from '../../fakes/fake-page.ts'
import type { FakePage } from '../../fakes/fake-page.ts'

const FRAME_MS = 40

/** Frames whose samples count upwards, as they come from a microphone. */
function counting(page: FakePage) {
  let count = 0
  return async (frames: number) => {
    for (let i = 0; i < frames; i++) {
      page.microphone.speak(FRAME_MS, ++count)
      await page.time.advance(FRAME_MS)
    }
  }
}

async function pushToTalk() {
  const page = createFakePage()
  page.session.configure({ turnTaking: 'push_to_talk' })
  await page.talk()
  return { page, speak: counting(page) }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const control = (page: FakePage) => page.transport.sent.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])

describe('push to talk', () => {
  it('asks for a session without turn detection, and shows that turns are taken by hand', async () => {
    const { page } = await pushToTalk()
    expect(page.transport.sentOf('session.update').at(-1)?.session.audio?.input?.turn_detection).toBeNull()
    page.server.updated(null)
    await page.time.settle()
    expect(page.session.snapshot.line?.capabilities.turnTaking).toBe('manual')
  })

  it('sends nothing that is said without the key, not even before the other side has agreed to it', async () => {
    const { page, speak } = await pushToTalk()
    await speak(30)
    page.server.updated(null)
    await speak(30)
    expect(page.heardByServer).toEqual([])
  })

  it('sends 280 ms of what came before the key, all while it is held and the end of the last word, as one turn', async () => {
    const { page, speak } = await pushToTalk()
    page.server.updated(null)
    await speak(50)
    page.session.hold(true)
    await speak(10)
    page.session.hold(false)
    await speak(30)
    expect(page.heardByServer.slice(0, 17)).toEqual(numbers(44, 60))
    // 120 ms after the key went up.
    expect(page.heardByServer.slice(17).length).toBeLessThanOrEqual(3)
    expect(control(page).slice(-4)).toEqual(['input_audio_buffer.clear', 'input_audio_buffer.append', 'input_audio_buffer.commit', 'response.create'])
  })

  it('sends no sound twice when the key goes down again at once', async () => {
    const { page, speak } = await pushToTalk()
    page.server.updated(null)
    await speak(20)
    for (let turn = 0; turn < 3; turn++) {
      page.session.hold(true)
      await speak(10)
      page.session.hold(false)
      await speak(5)
    }
    const heard = page.heardByServer
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b))
    expect(heard).toEqual(expect.arrayContaining([...numbers(21, 30), ...numbers(36, 45), ...numbers(51, 60)]))
  })

  it('is over as soon as the other side listens by itself again', async () => {
    const { page, speak } = await pushToTalk()
    page.server.updated(null)
    await speak(20)
    page.session.configure({ turnTaking: 'auto' })
    page.server.updated()
    await speak(10)
    expect(page.heardByServer).toEqual(expect.arrayContaining(numbers(21, 30)))
    expect(page.heardByServer.every(value => value >= 14)).toBe(true)
  })

  it('begins in a running call with the choice, not with the other side\'s answer to it', async () => {
    const page = createFakePage()
    await page.talk()
    const speak = counting(page)
    await speak(10)
    page.session.configure({ turnTaking: 'push_to_talk' })
    await speak(10)
    expect(page.heardByServer).toEqual(numbers(1, 10))
  })
})
