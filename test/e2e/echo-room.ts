import type { Page } from 'playwright-core'

export interface EchoRoom {
  /** From what the page plays to its microphone. */
  gain: number
  delayMs: number
}

declare global { var speakInRoom: (pcm16Base64: string, sampleRate: number) => Promise<void> }

/** Runs in the page: its microphone hears what it plays through Web Audio, and what is said into the room. What it plays through an element it doesn't hear. */
function installRoom({ gain, delayMs }: EchoRoom) {
  const connect = AudioNode.prototype.connect as (this: AudioNode, target: AudioNode, ...rest: number[]) => AudioNode
  const rooms = new WeakMap<BaseAudioContext, { echo: AudioNode, mix: AudioNode }>()
  let latest: AudioContext | undefined
  const roomOf = (context: BaseAudioContext) => {
    const known = rooms.get(context)
    if (known) return known
    const echo = new DelayNode(context, { maxDelayTime: 2, delayTime: delayMs / 1000 })
    const weaker = new GainNode(context, { gain })
    const mix = new GainNode(context)
    // The noise of any microphone, at −71 dB: without it, this one would be taken for dead.
    const noise = context.createBuffer(1, context.sampleRate, context.sampleRate)
    noise.getChannelData(0).forEach((_, i, samples) => { samples[i] = 0.001 * (Math.random() - 0.5) })
    const hiss = new AudioBufferSourceNode(context, { buffer: noise, loop: true })
    hiss.start()
    connect.call(hiss, mix)
    connect.call(connect.call(echo, weaker), mix)
    const room = { echo, mix }
    rooms.set(context, room)
    return room
  }
  globalThis.AudioContext = new Proxy(globalThis.AudioContext, {
    construct: (Context, [options]) => latest = new Context(options as AudioContextOptions),
  })
  AudioNode.prototype.connect = function (this: AudioNode, target: AudioNode, ...rest: number[]) {
    if (target === this.context.destination) connect.call(this, roomOf(this.context).echo)
    return connect.call(this, target, ...rest)
  } as typeof AudioNode.prototype.connect
  navigator.mediaDevices.getUserMedia = async () => {
    const hearing = latest!.createMediaStreamDestination()
    connect.call(roomOf(latest!).mix, hearing)
    return hearing.stream
  }
  globalThis.speakInRoom = async (pcm16Base64, sampleRate) => {
    const bytes = Uint8Array.from(atob(pcm16Base64), letter => letter.charCodeAt(0))
    const samples = new Int16Array(bytes.buffer)
    const buffer = latest!.createBuffer(1, samples.length, sampleRate)
    buffer.getChannelData(0).set(Float32Array.from(samples, sample => sample / 32_768))
    const voice = new AudioBufferSourceNode(latest!, { buffer })
    connect.call(voice, roomOf(latest!).mix)
    voice.start()
  }
}

/** Call before `goto`. */
export const placeInRoom = (page: Page, room: EchoRoom) => page.addInitScript(installRoom, room)
