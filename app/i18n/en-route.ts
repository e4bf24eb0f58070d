/** The way that a call goes: the drawer, the note above the dock, and the choice in the Sound dialog. */
export const route = {
  websocket: 'WebSocket',
  webrtc: 'WebRTC',
  connectedIn: '{way}, connected in {ms} ms',
  roundTrip: 'Round trip',
  jitter: 'Jitter',
  lost: 'Lost',
  percent: '{percent} %',
  buffered: 'Waits to even that out',
  concealed: 'Filled in for what was lost',
  ms: '{ms} ms',
  why: 'Why not WebRTC',
  because: {
    unsupported: 'This browser has none',
    unanswered: 'This server has none',
    refused: 'This server answered no offer',
    unreached: 'Nothing came through in time',
    lost: 'It broke off in this call',
    failed_before: 'It failed in this network before',
  },
  note: {
    unreached: 'WebRTC didn’t get through in time, so this call goes over WebSocket. A firewall may keep UDP back. Nothing of what you said is lost.',
    lost: 'WebRTC broke off, so this call goes on over WebSocket. Kaiwa knows what you said before, but not what it answered.',
    close: 'Put this note away',
  },
  choice: {
    title: 'Connection',
    name: 'How calls reach Kaiwa',
    auto: { label: 'Automatic', says: 'WebRTC where it gets through, WebSocket otherwise. From the next call on.' },
    webrtc: { label: 'WebRTC', says: 'Made for voices, best where packets get lost. From the next call on.' },
    websocket: { label: 'WebSocket', says: 'Gets through wherever web pages do. From the next call on.' },
  },
}
