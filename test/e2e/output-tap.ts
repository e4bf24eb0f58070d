import type { Page } from 'playwright-core'
import { TAP_PATH } from './tap-proxy.ts'

/**
 * Everything played so far, mono; where in it the page ordered silence, and where another context went on (`seams`). `latencyMs`: from tap
 * to ear, as the browser told it at the last cut.
 */
export interface Played { sampleRate: number, samples: Float32Array, cuts: number[], seams: number[], latencyMs: number }

interface Quantum { context: BaseAudioContext, frame: number, samples: Float32Array }

/** Runs in the page: whatever is connected to a destination is also connected to the tap. */
function installTap(address: string) {
  const quanta: Quantum[] = []
  const cuts: { context: BaseAudioContext, atFrame: number }[] = []
  let sampleRate = 0
  let latencyMs = 0
  const connect = AudioNode.prototype.connect as (this: AudioNode, target: AudioNode, ...rest: number[]) => AudioNode
  let newest: BaseAudioContext | undefined
  const tapped = new WeakMap<BaseAudioContext, Promise<AudioWorkletNode>>()
  const openTap = async (context: BaseAudioContext) => {
    await context.audioWorklet.addModule(address)
    const tap = new AudioWorkletNode(context, 'output-tap', { numberOfOutputs: 0 })
    tap.port.onmessage = event => quanta.push({ context, ...event.data as Omit<Quantum, 'context'> })
    sampleRate = context.sampleRate
    newest = context
    return tap
  }
  AudioNode.prototype.connect = function (this: AudioNode, target: AudioNode, ...rest: number[]) {
    if (target === this.context.destination) {
      if (!tapped.has(this.context)) tapped.set(this.context, openTap(this.context))
      // A context that is closed meanwhile is of no interest.
      tapped.get(this.context)!.then(tap => connect.call(this, tap), () => undefined)
    }
    return connect.call(this, target, ...rest)
  } as typeof AudioNode.prototype.connect
  // What a call's media brings is played by an element; the page measures it on the side, and so does the tap.
  const remote = new WeakSet<MediaStream>()
  const played = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject')!
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...played,
    set(this: HTMLMediaElement, stream: MediaProvider | null) {
      if (stream instanceof MediaStream) remote.add(stream)
      played.set!.call(this, stream)
    },
  })
  const join = AudioContext.prototype.createMediaStreamSource as (this: AudioContext, stream: MediaStream) => MediaStreamAudioSourceNode
  AudioContext.prototype.createMediaStreamSource = function (this: AudioContext, stream: MediaStream) {
    const source = join.call(this, stream)
    if (remote.has(stream)) tapped.get(this)?.then(tap => connect.call(source, tap), () => undefined)
    return source
  }
  // The player's order to fall silent, by the clock of the audio itself: a busy page learns late what has been played.
  const post = MessagePort.prototype.postMessage as (this: MessagePort, message: unknown, ...rest: unknown[]) => void
  MessagePort.prototype.postMessage = function (this: MessagePort, message: unknown, ...rest: unknown[]) {
    if (newest && (message as { type?: string } | null)?.type === 'clear') {
      cuts.push({ context: newest, atFrame: newest.currentTime * sampleRate })
      const { baseLatency, outputLatency } = newest as AudioContext
      latencyMs = (baseLatency + outputLatency) * 1000
    }
    return post.call(this, message, ...rest)
  } as typeof MessagePort.prototype.postMessage
  const indexOf = ({ context, atFrame }: typeof cuts[number]) => {
    const index = quanta.findIndex(quantum => quantum.context === context && quantum.frame + 128 > atFrame)
    return index < 0 ? [] : [index * 128 + Math.max(0, Math.round(atFrame - quanta[index]!.frame))]
  }
  const seams = () => quanta.flatMap(({ context }, index) => index > 0 && context !== quanta[index - 1]!.context ? [index * 128] : [])
  Object.assign(globalThis, {
    outputTap: () => {
      const bytes = new Uint8Array(quanta.length * 128 * 4)
      quanta.forEach(({ samples }, index) => bytes.set(new Uint8Array(samples.buffer), index * 128 * 4))
      let text = ''
      for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
      return { sampleRate, base64: btoa(text), cuts: cuts.flatMap(indexOf), seams: seams(), latencyMs }
    },
  })
}

/** Taps what the page plays, sample for sample, from the first connection to a destination on. Call before `goto`, in a browser with the tap's proxy. */
export async function tapOutput(page: Page) {
  await page.addInitScript(installTap, TAP_PATH)
  return {
    async samples(): Promise<Played> {
      const { sampleRate, base64, ...rest } = await page.evaluate(() =>
        (globalThis as unknown as { outputTap(): Omit<Played, 'samples'> & { base64: string } }).outputTap())
      const bytes = Buffer.from(base64, 'base64')
      return { sampleRate, ...rest, samples: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)) }
    },
  }
}
