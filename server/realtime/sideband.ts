import type { Link, LinkListener } from '../relay/link.ts'

/** Closes that say nothing of the call: the line broke, or its server had trouble. Media may go on (RFC 6455, 7.4.1 and its registry). */
const DROPPED = new Set([1006, 1011, 1012, 1013, 1014])

/**
 * The server's own connection to a WebRTC call as the relay's upstream. `lost` is asked when it drops: true, and the call goes on without it,
 * until the relay ends it.
 */
export function sidebandLink(line: Link, lost: (closeCode: number) => boolean): Link {
  let listener: LinkListener | undefined
  let alone = false

  function closed(code: number, reason: string) {
    alone = DROPPED.has(code) && lost(code)
    if (!alone) listener?.closed(code, reason)
  }

  return {
    get unreadBytes() { return alone ? 0 : line.unreadBytes },
    send: text => line.send(text),
    pause: () => line.pause(),
    resume: () => line.resume(),
    close(code, reason) {
      if (!alone) return line.close(code, reason)
      const ears = listener
      listener = undefined
      queueMicrotask(() => ears?.closed(code, reason))
    },
    listen(next) {
      listener = next
      line.listen({ message: text => next.message(text), binary: () => next.binary(), socketDrained: () => next.socketDrained(), closed })
    },
  }
}
