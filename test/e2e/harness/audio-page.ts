/** The page of `audio-path.test.ts`: real microphone, player and worklets, without Nuxt; what they do is kept for the test to fetch. */
import { openMicrophone } from '../../../app/voice/microphone.ts'
import { openDirectOutput, type Output } from '../../../app/voice/output.ts'
import { createPlayer } from '../../../app/voice/player.ts'
import tapWorkletUrl from './tap.worklet.ts?worker&url'

export interface PlaybackStep { atMs: number, do: 'play' | 'end' | 'interrupt' | 'leave' | 'return', segmentId: string, from?: number, to?: number }
export interface PlaybackResult {
  contextRate: number
  latencyMs: number
  tapped: string
  /** Frame of the tap at which each step was taken, as the page saw it. */
  interruptedAtFrame: number
  interruption: { heardMs: number, dropped: string[] } | undefined
  silent: string[]
}

async function toBase64(array: Int16Array | Float32Array): Promise<string> {
  const reader = new FileReader()
  return new Promise(resolve => {
    reader.onload = () => resolve((reader.result as string).split(',')[1]!)
    reader.readAsDataURL(new Blob([array as BlobPart]))
  })
}

function join(blocks: Float32Array[]): Float32Array {
  const whole = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0))
  let at = 0
  for (const block of blocks) {
    whole.set(block, at)
    at += block.length
  }
  return whole
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/**
 * Captures for so long; `raw`: without the browser's own processing, so that samples can be compared. A tap on the same source keeps what
 * the browser handed over: under load it loses audio of its own, before we see it.
 */
async function capture(ms: number, raw: boolean) {
  const context = new AudioContext()
  await context.resume()
  const tap = await openTap(context)
  const createSource = context.createMediaStreamSource.bind(context)
  context.createMediaStreamSource = stream => {
    const source = createSource(stream)
    source.connect(tap.node)
    return source
  }
  const unprocessed = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
  const mediaDevices = { getUserMedia: () => navigator.mediaDevices.getUserMedia({ audio: unprocessed }) }
  const opening = await openMicrophone(context, raw ? { mediaDevices } : {})
  if (!opening.ok) throw new Error(opening.fault.code)
  const firsts: number[] = []
  const samples: number[] = []
  opening.microphone.onFrame(frame => {
    firsts.push(frame.firstSample)
    samples.push(...frame.samples)
  })
  await pause(ms)
  const tapped = join(await tap.finish())
  opening.microphone.close()
  await context.close()
  return { contextRate: context.sampleRate, firsts, samples: await toBase64(Int16Array.from(samples)), tapped: await toBase64(tapped) }
}

/** Puts a tap between everything that plays and the destination. */
async function openTap(context: AudioContext) {
  await context.audioWorklet.addModule(tapWorkletUrl)
  const node = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 1, outputChannelCount: [1] })
  const blocks: Float32Array[] = []
  let wanted: ((blocks: Float32Array[]) => void) | undefined
  node.port.onmessage = (event: MessageEvent<Float32Array | 'end'>) => {
    if (event.data === 'end') wanted?.(blocks)
    else blocks.push(event.data)
  }
  node.connect(context.destination)
  return {
    node,
    frames: () => blocks.reduce((sum, block) => sum + block.length, 0),
    finish: () => new Promise<Float32Array[]>(resolve => {
      wanted = resolve
      node.port.postMessage('end')
    }),
  }
}

/** Plays by a schedule; `voice` is what steps cut their samples from. `leave`: by a way that the tap doesn't hear; `return`: by a new one that it does. */
async function playback(voiceBase64: string, steps: PlaybackStep[], lengthMs: number): Promise<PlaybackResult> {
  const bytes = await (await fetch(`data:application/octet-stream;base64,${voiceBase64}`)).arrayBuffer()
  const voice = new Int16Array(bytes)
  const context = new AudioContext()
  await context.resume()
  const tap = await openTap(context)
  // What the player connects to the destination goes through the tap.
  Object.defineProperty(context, 'destination', { value: tap.node })
  let output = openDirectOutput(context)
  const player = await createPlayer(context, output)
  const elsewhere = context.createMediaStreamDestination()
  const go = (next: Output) => {
    player.route(next)
    output.close()
    output = next
  }
  const silent: string[] = []
  player.onSilent(segmentId => silent.push(segmentId))
  const result = { interruptedAtFrame: -1, interruption: undefined as PlaybackResult['interruption'] }
  const begin = performance.now()
  for (const step of steps) {
    const wait = begin + step.atMs - performance.now()
    if (wait > 0) await pause(wait)
    if (step.do === 'play') player.play(step.segmentId, voice.slice(step.from, step.to))
    else if (step.do === 'end') player.end(step.segmentId)
    else if (step.do === 'leave') go({ ...openDirectOutput(context), input: elsewhere })
    else if (step.do === 'return') go(openDirectOutput(context))
    else {
      result.interruptedAtFrame = tap.frames()
      const interruption = await player.interrupt()
      result.interruption = interruption && { heardMs: interruption.heard.heardMs, dropped: interruption.dropped }
    }
  }
  await pause(Math.max(0, begin + lengthMs - performance.now()))
  const latencyMs = (context.baseLatency + context.outputLatency) * 1000
  const tapped = join(await tap.finish())
  player.close()
  await context.close()
  return { contextRate: context.sampleRate, latencyMs, tapped: await toBase64(tapped), ...result, silent }
}

export interface AudioPage { capture: typeof capture, playback: typeof playback }
Object.assign(globalThis, { audioPage: { capture, playback } satisfies AudioPage })
