import type { Page } from 'playwright-core'
import { TAP_PATH } from './tap-proxy.ts'

/** Runs in the page: whatever is connected to a destination is also connected to the tap. */
function installTap(address: string) {
  const quanta: Float32Array[] = []
  let sampleRate = 0
  const connect = AudioNode.prototype.connect as (this: AudioNode, target: AudioNode, ...rest: number[]) => AudioNode
  const tapped = new WeakMap<BaseAudioContext, Promise<AudioWorkletNode>>()
  const openTap = async (context: BaseAudioContext) => {
    await context.audioWorklet.addModule(address)
    const tap = new AudioWorkletNode(context, 'output-tap', { numberOfOutputs: 0 })
    tap.port.onmessage = event => quanta.push(event.data as Float32Array)
    sampleRate = context.sampleRate
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
  Object.assign(globalThis, {
    outputTap: () => {
      const bytes = new Uint8Array(quanta.length * 128 * 4)
      quanta.forEach((quantum, index) => bytes.set(new Uint8Array(quantum.buffer), index * 128 * 4))
      let text = ''
      for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
      return { sampleRate, base64: btoa(text) }
    },
  })
}

/** Taps what the page plays, sample for sample, from the first connection to a destination on. Call before `goto`, in a browser with the tap's proxy. */
export async function tapOutput(page: Page) {
  await page.addInitScript(installTap, TAP_PATH)
  return {
    /** Everything played so far, mono. */
    async samples(): Promise<{ sampleRate: number, samples: Float32Array }> {
      const { sampleRate, base64 } = await page.evaluate(() =>
        (globalThis as unknown as { outputTap(): { sampleRate: number, base64: string } }).outputTap())
      const bytes = Buffer.from(base64, 'base64')
      return { sampleRate, samples: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)) }
    },
  }
}
