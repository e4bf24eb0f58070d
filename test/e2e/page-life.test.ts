import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evenly } from './marked-conversation.ts'
import { inOrder, openStage, runLoudspeaker, type Stage } from './marked-runs.ts'
import type { Talker } from './talker.ts'

let stage: Stage

beforeAll(async () => { stage = await openStage() })
afterAll(async () => { await stage?.close() })

const visibility = ({ page }: Talker) => page.evaluate(() => document.visibilityState)
const sessions = () => stage.upstream.connections.length

describe('an answer goes on', () => {
  it('while the page is frozen and thawed again: every block once, in order, in the same call', async () => {
    const { blocks, words, clickDb } = await runLoudspeaker(stage, [[evenly(0, 200, 10)]], async talker => {
      const devtools = await talker.page.context().newCDPSession(talker.page)
      await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
      await new Promise(resolve => setTimeout(resolve, 1500))
      await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    })
    expect(blocks, words).toEqual(inOrder(200))
    expect(clickDb, 'dB at the largest click').toBeLessThan(-40)
    expect(sessions()).toBe(1)
  })

  it('while its tab is hidden: every block once, in order', async () => {
    const { blocks, words } = await runLoudspeaker(stage, [[evenly(0, 200, 180)]], async talker => {
      // A browser without windows hides none: the page is told so.
      await talker.page.evaluate(() => {
        Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      })
      expect(await visibility(talker)).toBe('hidden')
      await new Promise(resolve => setTimeout(resolve, 2000))
      await talker.page.evaluate(() => {
        Reflect.deleteProperty(document, 'visibilityState')
        document.dispatchEvent(new Event('visibilitychange'))
      })
    })
    expect(blocks, words).toEqual(inOrder(200))
    expect(sessions()).toBe(1)
  })
})
