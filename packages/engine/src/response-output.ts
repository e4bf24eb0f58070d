import type { Item } from '@kaiwa/protocol'
import type { Entry } from './conversation.ts'
import { openResponseCall } from './response-call.ts'
import type { ResponseCall, ResponseCallOptions } from './response-call.ts'
import type { McpTarget } from './mcp-offer.ts'
import { openResponseItem } from './response-item.ts'
import type { ResponseItem, ResponseItemOptions } from './response-item.ts'
import { openResponseMcpCall } from './response-mcp-call.ts'
import type { ResponseMcpCall } from './response-mcp-call.ts'
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
  /** Tools that the response calls itself, by the responder's name for them. */
  mcp: ReadonlyMap<string, McpTarget>
}

/** What a response produces: one item after the other, each finished before the next begins. */
export interface ResponseOutput {
  /** The items as they are now. */
  readonly items: Item[]
  /** The same with what the wire doesn't show. */
  readonly entries: readonly Entry[]
  readonly tokens: TokenCount
  /** The message that is being said; opens one when there is none. */
  message(): ResponseItem
  /** Begins a call: of the client's function, or of an MCP tool. */
  call(name: string): void
  /** Begins a call that the client approved. */
  approvedCall(target: McpTarget, approvalRequestId: string): void
  /** Lets the MCP call that is open do its work, and finishes it. Nothing to do for anything else. Never rejects. */
  settle(signal: AbortSignal): Promise<void>
  /** More arguments of the call that was begun; ignored when none is open. */
  write(delta: string): void
  /** How many calls were begun. */
  readonly calls: number
  /** How many of them are done: their results are among the items. */
  readonly results: number
  /** Finishes the item that is open. */
  close(status: 'completed' | 'incomplete'): void
}

type Open = { kind: 'message', item: ResponseItem } | { kind: 'call', item: ResponseCall } | { kind: 'mcp', item: ResponseMcpCall }

export function createResponseOutput({ ids, mcp, ...options }: ResponseOutputOptions): ResponseOutput {
  const done: OutputItem[] = []
  let open: Open | undefined
  let calls = 0
  let results = 0

  const all = () => open ? [...done, open.item] : done
  const place = () => ({ ...options, itemId: ids('item'), outputIndex: done.length })

  function close(status: 'completed' | 'incomplete'): void {
    if (!open) return
    const { item } = open
    open = undefined
    done.push(item)
    item.close(status)
  }

  function openMcpCall(target: McpTarget, approvalRequestId?: string): void {
    close('completed')
    calls++
    open = { kind: 'mcp', item: openResponseMcpCall({ ...options, ids, outputIndex: done.length, target, approvalRequestId }) }
  }

  return {
    get items() { return all().map(({ entry }) => entry.item) },
    get tokens() { return all().reduce((sum, { tokens }) => ({ text: sum.text + tokens.text, audio: sum.audio + tokens.audio }), { text: 0, audio: 0 }) },
    get entries() { return all().map(({ entry }) => entry) },
    get calls() { return calls },
    get results() { return results },
    message() {
      if (open?.kind === 'message') return open.item
      close('completed')
      const item = openResponseItem(place())
      open = { kind: 'message', item }
      return item
    },
    call(name) {
      const target = mcp.get(name)
      if (target) return openMcpCall(target)
      close('completed')
      calls++
      open = { kind: 'call', item: openResponseCall({ ...place(), callId: ids('call'), name }) }
    },
    approvedCall: openMcpCall,
    async settle(signal) {
      if (open?.kind !== 'mcp') return
      const { item } = open
      await item.run(signal)
      // The response may have ended meanwhile, and closed it.
      if (open?.item !== item) return
      if (!item.waits) results++
      close('completed')
    },
    write(delta) {
      if (open && open.kind !== 'message') open.item.write(delta)
    },
    close,
  }
}
