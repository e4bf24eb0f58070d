/** A browser's WebSocket whose other end is the test. */
export class FakeSocket {
  readyState = 0
  bufferedAmount = 0
  sent: string[] = []
  closedWith: number[] = []
  onopen?: () => void
  onmessage?: (event: { data: unknown }) => void
  onclose?: (event: { code: number, reason: string }) => void
  url: string
  protocols: string[]
  constructor(url: string, protocols: string[]) {
    this.url = url
    this.protocols = protocols
  }

  send(text: string) { this.sent.push(text) }
  close(code = 1005) {
    this.readyState = 3
    this.closedWith.push(code)
  }

  open() {
    this.readyState = 1
    this.onopen?.()
  }

  drop(code: number, reason = '') {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }
}
