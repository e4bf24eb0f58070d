/** What a key does, wherever the focus is but in a field. */
export type KeyCommand = 'hold' | 'mute' | 'interrupt' | 'field' | 'drawer' | 'help'

export interface KeyPress { key: string, repeat: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean, isComposing: boolean, defaultPrevented: boolean }

/** Where the focus is: text is typed there; it acts on Space itself; it belongs to a dialog, which has keys of its own. */
export interface KeyTarget { editable: boolean, control: boolean, dialog: boolean }

/** Decides what a key press means. Undefined: it isn't ours. */
export function keyCommand(press: KeyPress, target: KeyTarget): KeyCommand | undefined {
  if (press.defaultPrevented || press.repeat || press.isComposing || press.ctrlKey || press.metaKey || press.altKey) return undefined
  if (target.editable || target.dialog) return undefined
  switch (press.key) {
    case ' ': return target.control ? undefined : 'hold'
    case 'm':
    case 'M': return 'mute'
    case 'Escape': return 'interrupt'
    case '/': return 'field'
    case '`': return 'drawer'
    case '?': return 'help'
    default: return undefined
  }
}

/** Reads the facts about a key event's target. */
export function keyTarget(target: Pick<Element, 'closest'> | null): KeyTarget {
  const within = (selector: string) => !!target?.closest(selector)
  return {
    editable: within('input, textarea, select, [contenteditable]:not([contenteditable="false"])'),
    control: within('button, a[href], summary, [role="tab"], [role="button"]'),
    dialog: within('[role="dialog"], [role="alertdialog"]'),
  }
}
