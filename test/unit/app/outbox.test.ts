import { expect, it } from 'vitest'
import { createOutbox } from '../../../app/voice/outbox.ts'

const turn = () => new Promise(resolve => { setImmediate(resolve) })

it('runs a task at once when nothing waits, and the others in order behind one that takes time', async () => {
  const outbox = createOutbox()
  const done: string[] = []
  outbox.run(() => { done.push('a') })
  expect(done).toEqual(['a'])
  let finish = () => {}
  outbox.run(() => new Promise<void>(resolve => {
    finish = () => {
      done.push('b')
      resolve()
    }
  }))
  outbox.run(() => { done.push('c') })
  outbox.run(() => { done.push('d') })
  expect(done).toEqual(['a'])
  finish()
  await turn()
  expect(done).toEqual(['a', 'b', 'c', 'd'])
})

it('refuses more than 64 waiting tasks', () => {
  const outbox = createOutbox()
  outbox.run(() => new Promise<void>(() => {}))
  const taken = Array.from({ length: 70 }, () => outbox.run(() => {}))
  expect(taken.filter(Boolean)).toHaveLength(64)
})

it('forgets what waits when it is cleared', async () => {
  const outbox = createOutbox()
  let finish = () => {}
  let ran = false
  outbox.run(() => new Promise<void>(resolve => { finish = resolve }))
  outbox.run(() => { ran = true })
  outbox.clear()
  finish()
  await turn()
  expect(ran).toBe(false)
})
