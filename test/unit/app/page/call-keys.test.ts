import { describe, expect, test } from 'vitest'
import { keyCommand } from '../../../../app/composables/call-keys.ts'
import type { KeyPress, KeyTarget } from '../../../../app/composables/call-keys.ts'

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress =>
  ({ key, repeat: false, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, defaultPrevented: false, ...more })
const page: KeyTarget = { editable: false, control: false, dialog: false }

describe('the page’s keys', () => {
  test.each([[' ', 'hold'], ['m', 'mute'], ['M', 'mute'], ['Escape', 'interrupt'], ['/', 'field'], ['`', 'drawer'], ['?', 'help'], ['a', undefined]])('%j means %s', (key, command) => {
    expect(keyCommand(press(key), page)).toBe(command)
  })

  test('are never stolen from a field', () => {
    for (const key of [' ', 'm', 'Escape', '/', '`', '?']) expect(keyCommand(press(key), { ...page, editable: true })).toBeUndefined()
  })

  test('leave Space to a button that has the focus, and the rest to us', () => {
    expect(keyCommand(press(' '), { ...page, control: true })).toBeUndefined()
    expect(keyCommand(press('m'), { ...page, control: true })).toBe('mute')
  })

  test('leave a dialog its own keys', () => {
    expect(keyCommand(press('Escape'), { ...page, dialog: true })).toBeUndefined()
  })

  test('do nothing in a chord, a repeat, a composition, or when something else took the key', () => {
    for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { repeat: true }, { isComposing: true }, { defaultPrevented: true }]) {
      expect(keyCommand(press('m', more), page)).toBeUndefined()
    }
  })
})
