import { createHush, type Hush } from './element-hush.ts'
import { connectLoop, type Loop, type LoopEnvironment } from './loopback-connection.ts'
import { latencyMs, openVolume, setSink, type Output } from './output.ts'
import { setTimerOfPage } from './page-timer.ts'
import type { PlaybackPath } from './voice-settings.ts'

/**
 * Loudspeaker mode: gain → stream → peer connection within the page → `<audio>`. Some browsers' echo cancellation knows only what came
 * over a peer connection; what a page plays through Web Audio comes back to it as somebody's voice.
 *
 * The price: Opus (lossy, at a rate where it isn't heard) and some 60 to 100 ms more between processor and ear.
 */
export interface LoopbackOutput extends Output {
  /** What it has become: direct when the connection couldn't be had, or was lost. */
  readonly path: PlaybackPath
  /** Why it is direct, for the inspector and the page. */
  readonly reason: string | undefined
}

export interface LoopbackEnvironment extends LoopEnvironment {
  createAudio?: () => HTMLAudioElement
}

/** Time in which a browser begins to play, or says that it may not. One that says nothing by then waits for the context to run. */
const PLAY_TIMEOUT_MS = 1500
/** Silence first: the receiver finds its pace by stretching and squeezing what it gets, which nobody hears in silence. */
const WARM_UP_MS = 500
/** What is under way in the loop when another way takes over is heard to its end. */
const DRAIN_MS = 400
const STATS_EVERY_MS = 1000
/** Until it is measured, and as a measure's own error: what was heard is rather told too low than too high. */
const UNMEASURED_LATENCY_MS = 250
const MARGIN_MS = 15
/** What a decoder still makes of the end. The next answer takes the same way, and longer than this to begin. */
const HUSH_MARGIN_MS = 60
/** The stream's own 10 ms, one Opus frame of 20 ms and its look-ahead of 6.5 ms. */
const SENDING_MS = 37
/** Latency is the largest of so many measurements: a buffer that has just shrunk may grow again. */
const REMEMBERED = 5

/** Never rejects: where it can't be had, the result plays directly and says why. */
export async function openLoopbackOutput(context: AudioContext, environment: LoopbackEnvironment = {}): Promise<LoopbackOutput> {
  const { createAudio = createAudioElement, setTimer = setTimerOfPage } = environment
  const volume = openVolume(context)
  let path: PlaybackPath = 'loopback'
  let reason: string | undefined
  let deviceId: string | undefined
  let deviceMs = 0
  let closed = false
  let meter: LatencyMeter | undefined
  let hush: Hush | undefined
  let releaseLoop = () => {}
  let stillness = () => {}

  function soundDirectly(why: string): void {
    path = 'direct'
    reason = why
    meter?.close()
    hush?.close()
    hush = undefined
    releaseLoop()
    stillness()
    volume.node.disconnect()
    if (closed) return
    volume.node.connect(context.destination)
    if (deviceId !== undefined) void setSink(context, deviceId)
  }

  let element: HTMLAudioElement | undefined
  try {
    const destination = context.createMediaStreamDestination()
    stillness = feedSilence(context, destination)
    const loop = await connectLoop(destination.stream, environment)
    releaseLoop = loop.close
    const audio = createAudio()
    element = audio
    releaseLoop = () => {
      loop.close()
      audio.pause()
      audio.srcObject = null
    }
    audio.srcObject = loop.stream
    await begin(audio, setTimer)
    await new Promise<void>(resolve => { setTimer(resolve, WARM_UP_MS) })
    volume.node.connect(destination)
    meter = measureLatency(loop, setTimer)
    hush = createHush({ element: audio, stream: loop.stream, setTimer })
    loop.onLost(() => soundDirectly('The connection within the page was lost.'))
  } catch (error) {
    soundDirectly(error instanceof Error ? error.message : String(error))
  }

  return {
    input: volume.node,
    get latencyMs() {
      // A context that died says 0, which would make the last of it look heard.
      if (context.state === 'running') deviceMs = latencyMs(context)
      return deviceMs + (path === 'loopback' ? meter!.latencyMs : 0)
    },
    get path() { return path },
    get reason() { return reason },
    setVolume: volume.set,
    hush: () => hush?.begin(meter!.latencyMs + HUSH_MARGIN_MS),
    setDevice(id) {
      deviceId = id
      return setSink(path === 'loopback' ? element! : context, id)
    },
    close() {
      if (closed) return
      closed = true
      setTimer(() => soundDirectly('closed'), DRAIN_MS)
    },
  }
}

/** A stream to which nothing flows stands still, and the connection with it. */
function feedSilence(context: AudioContext, destination: AudioNode): () => void {
  const silence = context.createConstantSource()
  silence.offset.value = 0
  silence.connect(destination)
  silence.start()
  return () => {
    silence.stop()
    silence.disconnect()
  }
}

interface LatencyMeter { readonly latencyMs: number, close(): void }

function measureLatency(loop: Loop, setTimer: NonNullable<LoopEnvironment['setTimer']>): LatencyMeter {
  let recent: number[] = []
  let closed = false
  let stop = setTimer(look, STATS_EVERY_MS)
  async function look() {
    const bufferedMs = await loop.bufferedMs()
    if (closed) return
    if (bufferedMs !== undefined) recent = [...recent, bufferedMs].slice(-REMEMBERED)
    stop = setTimer(look, STATS_EVERY_MS)
  }
  return {
    get latencyMs() { return recent.length > 0 ? Math.max(...recent) + SENDING_MS + MARGIN_MS : UNMEASURED_LATENCY_MS },
    close() {
      closed = true
      stop()
    },
  }
}

export function createAudioElement(): HTMLAudioElement {
  const element = document.createElement('audio')
  element.autoplay = true
  element.setAttribute('playsinline', '')
  return element
}

/** Rejects when the browser refuses to play. */
async function begin(element: HTMLAudioElement, setTimer: NonNullable<LoopEnvironment['setTimer']>): Promise<void> {
  const playing = element.play()
  playing.catch(() => {})
  let stop = () => {}
  const late = new Promise<void>(resolve => { stop = setTimer(resolve, PLAY_TIMEOUT_MS) })
  await Promise.race([playing, late]).finally(stop)
}
