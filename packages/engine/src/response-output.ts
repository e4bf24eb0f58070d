import type { Item } from '@kaiwa/protocol'
import type { Entry } from './conversation.ts'
import { openResponseCall } from './response-call.ts'
import type { ResponseCall, ResponseCallOptions } from './response-call.ts'
import { openResponseItem } from './response-item.ts'
import type { ResponseItem, ResponseItemOptions } from './response-item.ts'
import type { TokenCount } from './usage.ts'

/** One item that a response produces: it begins when it is opened, and ends with its tail. */
export interface OutputItem {
  readonly entry: Entry
  /** What was produced so far. */
  readonly tokens: TokenCount
  /** The item's last events. */
  close(status: 'completed' | 'incomplete'): void
}

export interface ResponseOutputOptions extends Omit<ResponseItemOptions & ResponseCallOptions, 'itemId' | 'outputIndex' | 'callId' | 'name'> {
  ids: (prefix: string) => string
}

/** What a response produces: one item after the other, each finished before the next begins. */
export interface ResponseOutput {
  /** The items as they are now. */
  readonly items: Item[]
  readonly tokens: TokenCount
  /** The message that is being said; opens one when there is none. */
  message(): ResponseItem
  /** Begins a function call. */
  call(name: string): void
  /** More arguments of the call that was begun; ignored when none is open. */
  write(delta: string): void
  /** How many calls were begun. */
  readonly calls: number
  /** Finishes the item that is open. */
  close(status: 'completed' | 'incomplete'): void
}

type Open = { kind: 'message', item: ResponseItem } | { kind: 'call', item: ResponseCall }

export function createResponseOutput({ ids, ...options }: ResponseOutputOptions): ResponseOutput {
  const done: OutputItem[] = []
  let open: Open | undefined
  let calls = 0

  const all = () => open ? [...done, open.item] : done
  const place = () => ({ ...options, itemId: ids('item'), outputIndex: done.length })

  function close(status: 'completed' | 'incomplete'): void {
    if (!open) return
    const { item } = open
    open = undefined
    done.push(item)
    item.close(status)
  }

  return {
    get items() { return all().map(({ entry }) => entry.item) },
    get tokens() { return all().reduce((sum, { tokens }) => ({ text: sum.text + tokens.text, audio: sum.audio + tokens.audio }), { text: 0, audio: 0 }) },
    get calls() { return calls },
    message() {
      if (open?.kind === 'message') return open.item
      close('completed')
      const item = openResponseItem(place())
      open = { kind: 'message', item }
      return item
    },
    call(name) {
      close('completed')
      calls++
      open = { kind: 'call', item: openResponseCall({ ...place(), callId: ids('call'), name }) }
    },
    write(delta) {
      if (open?.kind === 'call') open.item.write(delta)
    },
    close,
  }
}
