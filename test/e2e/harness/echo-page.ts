/** The page of `echo.test.ts` and `bench/echo.ts`: the ways to the ear and the echo check in a real browser, in a room made of nodes. */
import type { ChosenOutput } from '../../../app/voice/chosen-output.ts'
import { openEchoRecorder } from '../../../app/voice/echo-recorder.ts'
import { openElementOutput } from '../../../app/voice/element-output.ts'
import { openLoopbackOutput } from '../../../app/voice/loopback-output.ts'
import { createPlayer } from '../../../app/voice/player.ts'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function toBase64(array: Float32Array): Promise<string> {
  const reader = new FileReader()
  return new Promise(resolve => {
    reader.onload = () => resolve((reader.result as string).split(',')[1]!)
    reader.readAsDataURL(new Blob([array as BlobPart]))
  })
}

export interface LoopResult {
  path: string | undefined
  reason: string | undefined
  contextRate: number
  /** What the output says of itself, from its opening on, and of the device. */
  latenciesMs: number[]
  deviceMs: number
  openingMs: number
  /** What went in, and what came out of the loop as a stream, by one clock. */
  played: string
  heard: string
  interruption: { heardMs: number, atFrame: number } | undefined
}

/** Plays a voice in loudspeaker mode, or through a plain element, and records what comes out there. After an interruption the same voice begins anew. */
async function loop(voiceBase64: string, lengthMs: number, interruptAtMs?: number, way: 'loopback' | 'element' = 'loopback'): Promise<LoopResult> {
  const bytes = await (await fetch(`data:application/octet-stream;base64,${voiceBase64}`)).arrayBuffer()
  const context = new AudioContext()
  await context.resume()
  const begin = performance.now()
  let element: HTMLAudioElement | undefined
  const createAudio = () => element = new Audio()
  const output: ChosenOutput = way === 'loopback' ? await openLoopbackOutput(context, { createAudio }) : await openElementOutput(context, { createAudio })
  const openingMs = performance.now() - begin
  const stream = element?.srcObject
  if (!(stream instanceof MediaStream)) throw new Error(output.reason)
  const player = await createPlayer(context, output)
  const recorder = await openEchoRecorder(context, stream, output)
  const latenciesMs = [output.latencyMs]
  const recording = recorder.record(lengthMs)
  const startMs = performance.now()
  await pause(200)
  player.play('a', new Int16Array(bytes))
  player.end('a')
  let interruption: LoopResult['interruption']
  if (interruptAtMs !== undefined) {
    await pause(startMs + interruptAtMs - performance.now())
    const atFrame = (performance.now() - startMs) * context.sampleRate / 1000
    const stopped = await player.interrupt()
    if (stopped) interruption = { heardMs: stopped.heard.heardMs, atFrame }
    // No model answers sooner.
    await pause(100)
    player.play('b', new Int16Array(bytes))
    player.end('b')
  }
  const { reference, microphone } = await recording
  latenciesMs.push(output.latencyMs)
  const result = {
    path: output.path, reason: output.reason, contextRate: context.sampleRate, latenciesMs, deviceMs: (context.baseLatency + context.outputLatency) * 1000,
    openingMs, played: await toBase64(reference), heard: await toBase64(microphone), interruption,
  }
  recorder.close()
  player.close()
  output.close()
  await context.close()
  return result
}

export interface EchoPage { loop: typeof loop }
Object.assign(globalThis, { echoPage: { loop } satisfies EchoPage })
