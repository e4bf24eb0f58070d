import type { Link, LinkListener, WireText } from '../../server/relay/link.ts'

/** One side of a relay, in the test's hand. */
export interface FakeLink extends Link {
  sent: string[]
  /** How it was closed by the relay. */
  closedWith: { code: number, reason: string } | undefined
  paused: boolean
  /** What the relay sent and this side hasn't read. */
  unread: number
  says(text: WireText): void
  saysBinary(): void
  leaves(code?: number, reason?: string): void
  /** Takes what was unread. */
  reads(): void
}

export function createFakeLink(): FakeLink {
  let listener: LinkListener | undefined
  const link: FakeLink = {
    sent: [],
    closedWith: undefined,
    paused: false,
    unread: 0,
    get unreadBytes() { return link.unread },
    send(text) { if (!link.closedWith) link.sent.push(text.toString()) },
    pause() { link.paused = true },
    resume() { link.paused = false },
    close(code, reason) { link.closedWith ??= { code, reason } },
    listen(next) { listener = next },
    says: text => listener?.message(text),
    saysBinary: () => listener?.binary(),
    leaves(code = 1006, reason = '') {
      const ears = listener
      listener = undefined
      ears?.closed(code, reason)
    },
    reads() {
      link.unread = 0
      listener?.socketDrained()
    },
  }
  return link
}
