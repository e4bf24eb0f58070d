/** A browser's peer connection whose other end is the test. */
export interface FakePeer {
  connection: RTCPeerConnection
  answered: string | undefined
  tracks: (MediaStreamTrack | null)[]
  sent: string[]
  closed: boolean
  become(state: RTCPeerConnectionState): void
  openChannel(): void
  closeChannel(): void
  say(text: string): void
  speak(stream: MediaStream): void
}

/** @param options `offer` undefined: the browser makes none. `refuses`: it doesn't take the answer. */
export function createFakePeer({ offer = 'v=0\r\noffer', refuses = false }: { offer?: string | null, refuses?: boolean } = {}): FakePeer {
  const channel = { readyState: 'connecting', bufferedAmount: 0, onopen: undefined as (() => void) | undefined, onmessage: undefined as ((event: { data: unknown }) => void) | undefined, send: (text: string) => { fake.sent.push(text) } }
  const connection = {
    connectionState: 'new' as RTCPeerConnectionState,
    localDescription: undefined as { sdp: string } | undefined,
    onconnectionstatechange: undefined as (() => void) | undefined,
    ontrack: undefined as ((event: { track: object, streams: MediaStream[] }) => void) | undefined,
    addTransceiver: () => ({ sender: { replaceTrack: async (track: MediaStreamTrack | null) => { fake.tracks.push(track) } } }),
    createDataChannel: () => channel,
    async setLocalDescription() {
      if (offer === null) throw new Error('no')
      connection.localDescription = { sdp: offer }
    },
    async setRemoteDescription({ sdp }: { sdp: string }) {
      if (refuses) throw new Error('InvalidAccessError')
      fake.answered = sdp
    },
    getStats: async () => new Map(),
    close() { fake.closed = true },
  }
  const fake: FakePeer = {
    connection: connection as unknown as RTCPeerConnection,
    answered: undefined,
    tracks: [],
    sent: [],
    closed: false,
    become(state) {
      connection.connectionState = state
      connection.onconnectionstatechange?.()
    },
    openChannel() {
      channel.readyState = 'open'
      channel.onopen?.()
    },
    closeChannel() { channel.readyState = 'closed' },
    say(text) { channel.onmessage?.({ data: text }) },
    speak(stream) { connection.ontrack?.({ track: {}, streams: [stream] }) },
  }
  return fake
}
