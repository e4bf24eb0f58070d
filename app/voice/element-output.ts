import { createAudioElement } from './loopback-output.ts'
import { latencyMs, openVolume, setSink, type Output } from './output.ts'
import { setTimerOfPage } from './page-timer.ts'
import type { PageLife } from './page-life.ts'

/**
 * Players → gain → stream → one `<audio playsinline>`. WebKit on iOS plays what a page makes through Web Audio quietly, or at the earpiece,
 * while a microphone is open; what an element plays it treats as media. Elsewhere the direct way is shorter.
 */

export interface ElementEnvironment {
  createAudio?: () => HTMLAudioElement
  /** The system pauses an element when a call comes in; a gesture or the page's return starts it again. */
  page?: Pick<PageLife, 'onGesture' | 'onReturn'>
  setTimer?: (callback: () => void, delayMs: number) => () => void
}

/** Between stream and device no browser tells the time: two or three buffers, and rather too much, so that too little is told as heard. */
const ELEMENT_MS = 60
/** Time in which a browser begins to play, or says that it may not. One that says nothing by then waits for the context to run. */
const PLAY_TIMEOUT_MS = 1500

/** What a browser says of itself, as far as it matters here. */
export interface BrowserTraits { userAgent: string, platform: string, maxTouchPoints: number }

/** Every browser on an iPhone is WebKit, whatever its name; an iPad says that it is a Mac, but Macs have no touch screen. */
export function isWebKitOnIos({ userAgent, platform, maxTouchPoints }: BrowserTraits): boolean {
  return /iPhone|iPad|iPod/.test(userAgent) || (platform === 'MacIntel' && maxTouchPoints > 1 && /AppleWebKit/.test(userAgent))
}

/** Call it in a gesture. Never rejects: where the element may not play, the result plays directly. */
export async function openElementOutput(context: AudioContext, environment: ElementEnvironment = {}): Promise<Output> {
  const { createAudio = createAudioElement, page, setTimer = setTimerOfPage } = environment
  const volume = openVolume(context)
  const stream = context.createMediaStreamDestination()
  const audio = createAudio()
  volume.node.connect(stream)
  audio.srcObject = stream.stream
  let direct = false
  let closed = false
  let lastLatencyMs = 0
  const again = () => {
    // A refusal is answered by the next gesture.
    if (audio.paused && !direct && !closed) audio.play().catch(() => undefined)
  }
  const leave = [page?.onGesture(again), page?.onReturn(again)]

  function release(): void {
    for (const stop of leave) stop?.()
    audio.pause()
    audio.srcObject = null
    for (const track of stream.stream.getTracks()) track.stop()
    volume.node.disconnect()
  }
  if (!await begins(audio, setTimer)) {
    release()
    direct = true
    volume.node.connect(context.destination)
  }
  return {
    input: volume.node,
    get latencyMs() {
      // A context that died says 0, which would make the last of it look heard.
      if (context.state === 'running') lastLatencyMs = latencyMs(context)
      return lastLatencyMs + (direct ? 0 : ELEMENT_MS)
    },
    setVolume: volume.set,
    setDevice: deviceId => setSink(direct ? context : audio, deviceId),
    close() {
      if (closed) return
      closed = true
      if (direct) volume.node.disconnect()
      else release()
    },
  }
}

/** Whether it plays, or at least nobody forbids it. */
async function begins(audio: HTMLAudioElement, setTimer: NonNullable<ElementEnvironment['setTimer']>): Promise<boolean> {
  let stop = () => {}
  const late = new Promise<boolean>(resolve => { stop = setTimer(() => resolve(true), PLAY_TIMEOUT_MS) })
  const playing = audio.play().then(() => true, () => false)
  return await Promise.race([playing, late]).finally(stop)
}
