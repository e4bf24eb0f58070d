/** What the server and the worker with its peers say to each other. Peers are numbered by the server. */

export type ToMedia
  = | { do: 'open', peer: number, sdp: string, addresses: readonly string[], ports: { from: number, to: number } | undefined }
    /** PCM16 at 24 kHz, to be sent after all that came before. */
    | { do: 'voice', peer: number, generation: number, samples: Int16Array }
    /** What wasn't sent yet is dropped; what comes belongs to this generation. */
    | { do: 'clear', peer: number, generation: number }
    | { do: 'event', peer: number, text: string }
    | { do: 'close_channel', peer: number }
    | { do: 'close', peer: number }

/** Why a call's media ended, or never began. */
export type MediaEnd
  /** No connection within 10 s. */
  = | 'never_connected'
    /** The other side said goodbye. */
    | 'left'
    /** The other side was there, and has given no sign of life for 15 s. */
    | 'silent'
    /** It sent more than a call has. */
    | 'too_much'
    /** The worker ended, or threw. */
    | 'broken'
    /** The server asked for it. */
    | 'closed'

export type FromMedia
  = | { say: 'ready' }
    | { say: 'answer', peer: number, sdp: string }
    | { say: 'refused', peer: number, why: Refusal, detail: string }
    | { say: 'connected', peer: number }
    /** A message of the data channel; undefined: it was binary. */
    | { say: 'event', peer: number, text: string | undefined }
    /** So many bytes of events were taken by the other side's channel. */
    | { say: 'taken', peer: number, bytes: number }
    | { say: 'channel_closed', peer: number }
    | { say: 'heard', peer: number, samples: Int16Array }
    /** Of this generation, in all. */
    | { say: 'sent', peer: number, generation: number, samples: number }
    | { say: 'gone', peer: number, end: MediaEnd }

/** `offer`: it can't be answered. `no_udp`: no port could be had. `full`: as many peers as one worker carries. `broken`: a fault of ours. */
export type Refusal = 'offer' | 'no_udp' | 'full' | 'broken'
