import { launchFirefox } from '../fakes/firefox.ts'
import { until } from './talker.ts'

/** One person at the page in a stock Firefox. What the page sends, receives, plays and breaks is kept in the page and read from there. */
export interface FirefoxTalker {
  version: string
  complaints: string[]
  click(role: 'button' | 'textbox', name: string): Promise<void>
  type(text: string): Promise<void>
  untilState(...states: string[]): Promise<void>
  states(): Promise<string[]>
  /** Events as they went over the wire, of one type. */
  sent(type: string): Promise<Record<string, unknown>[]>
  /** All that left for the loudspeaker so far, mono. */
  played(): Promise<{ sampleRate: number, samples: Float32Array }>
  facts(): Promise<PageFacts>
  text(): Promise<string>
  /** From now on a page's first context takes no microphone, as Firefox does when their rates differ; its fake one has none of its own. */
  refuseOtherRates(): Promise<void>
  leave(): Promise<void>
}

interface PageFacts {
  contexts: { state: string, rate: number, seconds: number }[]
  /** Live ones of every microphone that was opened. */
  liveTracks: number
  /** What the page's own policy refused. */
  refusals: string[]
  policy: string | null
}

interface Kept {
  states: string[]
  sent: string[]
  contexts: AudioContext[]
  streams: MediaStream[]
  played: Float32Array[]
  refusals: string[]
}

/** Runs in the page before its own scripts. */
function keep() {
  // Not for the empty page before it.
  if (location.protocol !== 'http:') return
  const kept: Kept = { states: [], sent: [], contexts: [], streams: [], played: [], refusals: [] }
  Object.assign(globalThis, { kept })
  localStorage.setItem('kaiwa-voice', JSON.stringify({ bargeIn: 'off', transport: 'websocket' }))
  document.addEventListener('securitypolicyviolation', event => kept.refusals.push(`${event.violatedDirective} ${event.blockedURI}`))
  const look = () => {
    const state = document.querySelector('[role=status][data-state]')?.getAttribute('data-state')
    if (state && state !== kept.states.at(-1)) kept.states.push(state)
  }
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] })
  const send = WebSocket.prototype.send
  WebSocket.prototype.send = function (data) {
    kept.sent.push(String(data))
    return send.call(this, data)
  }
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async wishes => {
    const stream = await ask(wishes)
    kept.streams.push(stream)
    return stream
  }
  const Real = AudioContext
  globalThis.AudioContext = class extends Real {
    constructor(options?: AudioContextOptions) {
      super(options)
      kept.contexts.push(this)
    }
  }
  // A script processor needs no file of its own, which the page's policy would refuse.
  const taps = new WeakMap<BaseAudioContext, AudioNode>()
  const connect = AudioNode.prototype.connect as (this: AudioNode, target: AudioNode, ...rest: number[]) => AudioNode
  AudioNode.prototype.connect = function (this: AudioNode, target: AudioNode, ...rest: number[]) {
    if (target === this.context.destination) {
      if (!taps.has(this.context)) {
        const tap = this.context.createScriptProcessor(4096, 1, 1)
        tap.onaudioprocess = ({ inputBuffer }) => { kept.played.push(inputBuffer.getChannelData(0).slice()) }
        taps.set(this.context, tap)
        connect.call(tap, target)
      }
      connect.call(this, taps.get(this.context)!)
    }
    return connect.call(this, target, ...rest)
  } as typeof AudioNode.prototype.connect
}

/** Opens the page of `address`, hydrated. Close with `leave`. */
export async function visitWithFirefox(address: string): Promise<FirefoxTalker> {
  const { version, page, close } = await launchFirefox()
  await page.before(keep)
  await page.goto(address)
  await until('the page to be alive', () => page.evaluate(() => !!(document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__))
  const states = () => page.evaluate(() => (globalThis as unknown as { kept: Kept }).kept.states)
  return {
    version,
    complaints: page.complaints,
    click: page.click,
    type: page.type,
    states,
    async untilState(...wanted) {
      await until(wanted.join(' or '), async () => wanted.includes((await states()).at(-1) ?? '')).catch(async (error: Error) => {
        throw new Error(`${error.message}; states: ${(await states()).join(', ')}; the page complained: ${page.complaints.join(' | ')}`)
      })
    },
    async sent(type) {
      const frames = await page.evaluate(wanted => (globalThis as unknown as { kept: Kept }).kept.sent.filter(text => text.includes(`"${wanted}"`)), type)
      return frames.map(text => JSON.parse(text) as Record<string, unknown>).filter(event => event.type === type)
    },
    async played() {
      const { sampleRate, base64 } = await page.evaluate(async () => {
        const { kept } = globalThis as unknown as { kept: Kept }
        const reader = new FileReader()
        const read = new Promise(resolve => { reader.onload = resolve })
        reader.readAsDataURL(new Blob(kept.played as BlobPart[]))
        await read
        return { sampleRate: kept.contexts[0]!.sampleRate, base64: (reader.result as string).split(',')[1] ?? '' }
      })
      const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
      return { sampleRate, samples: new Float32Array(bytes.buffer) }
    },
    facts: () => page.evaluate(async () => {
      const { kept } = globalThis as unknown as { kept: Kept }
      return {
        contexts: kept.contexts.map(({ state, sampleRate, currentTime }) => ({ state, rate: sampleRate, seconds: currentTime })),
        liveTracks: kept.streams.flatMap(stream => stream.getTracks()).filter(track => track.readyState === 'live').length,
        refusals: kept.refusals,
        policy: (await fetch('/')).headers.get('content-security-policy'),
      }
    }),
    refuseOtherRates: () => page.evaluate(() => {
      const { kept } = globalThis as unknown as { kept: Kept }
      const join = AudioContext.prototype.createMediaStreamSource
      const first = kept.contexts.length
      AudioContext.prototype.createMediaStreamSource = function (this: AudioContext, stream) {
        if (this === kept.contexts[first]) throw new DOMException('Connecting AudioNodes from AudioContexts with different sample-rate is currently not supported.', 'NotSupportedError')
        return join.call(this, stream)
      }
    }),
    text: () => page.evaluate(() => document.body.innerText),
    leave: close,
  }
}
