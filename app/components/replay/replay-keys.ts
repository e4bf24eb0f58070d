import type { KeyPress, KeyTarget } from '../../composables/call-keys.ts'

export type ReplayKey = { is: 'toggle' } | { is: 'by', ms: number } | { is: 'turn', by: -1 | 1 } | { is: 'rate', by: -1 | 1 } | { is: 'help' }

/** What a key does on the page of a replay. `onAxis`: the focus is on the axis, whose own keys are coarser. Undefined: it isn't ours. */
export function replayKey(press: KeyPress, target: KeyTarget, onAxis: boolean): ReplayKey | undefined {
  if (press.defaultPrevented || press.isComposing || press.ctrlKey || press.metaKey || press.altKey) return undefined
  if ((target.editable && !onAxis) || target.dialog) return undefined
  switch (press.key) {
    case ' ': return target.control || press.repeat ? undefined : { is: 'toggle' }
    case 'ArrowLeft': return { is: 'by', ms: -5000 }
    case 'ArrowRight': return { is: 'by', ms: 5000 }
    case ',': return { is: 'turn', by: -1 }
    case '.': return { is: 'turn', by: 1 }
    case '<': return { is: 'rate', by: -1 }
    case '>': return { is: 'rate', by: 1 }
    case '?': return { is: 'help' }
    default: return undefined
  }
}
