/** Where a microphone's stream is joined to the audio graph. */
export interface CaptureContext {
  readonly context: AudioContext
  readonly source: MediaStreamAudioSourceNode
  /** Lets go of the stream; a context that was made for it ends. Its tracks are the caller's. Idempotent. */
  close(): void
}

type CreateContext = (options?: AudioContextOptions) => AudioContext

/**
 * Joins the stream to the page's context; where the browser refuses because the microphone runs at another rate (Firefox does, and names
 * the error NotSupportedError), to a context of its own: of the rate that the microphone tells, or else of the browser's choice.
 * @throws what the page's context threw, when no context takes the stream
 */
export function joinStream(page: AudioContext, stream: MediaStream, createContext: CreateContext = options => new AudioContext(options)): CaptureContext {
  try {
    const source = page.createMediaStreamSource(stream)
    return { context: page, source, close: () => source.disconnect() }
  } catch (error) {
    if (!(error instanceof Error || error instanceof DOMException) || error.name !== 'NotSupportedError') throw error
    const joined = joinOwn(stream, createContext)
    if (!joined) throw error
    return joined
  }
}

/**
 * The context, where it takes the stream; else another that does, and this one is closed: for whoever needs microphone and loudspeaker by
 * one clock. It is the caller's.
 * @throws what the context threw, when no context takes the stream
 */
export function contextThatTakes(context: AudioContext, stream: MediaStream, createContext?: CreateContext): AudioContext {
  const joined = joinStream(context, stream, createContext)
  joined.source.disconnect()
  if (joined.context !== context) end(context)
  return joined.context
}

function joinOwn(stream: MediaStream, createContext: CreateContext): CaptureContext | undefined {
  const sampleRate = stream.getTracks()[0]?.getSettings?.().sampleRate
  for (const options of [...(sampleRate ? [{ sampleRate }] : []), undefined]) {
    let context: AudioContext | undefined
    try {
      context = createContext(options)
      return keepRunning(context, context.createMediaStreamSource(stream))
    } catch {
      end(context)
    }
  }
  return undefined
}

/** Nobody but us knows this context: what suspends it is answered here. */
function keepRunning(context: AudioContext, source: MediaStreamAudioSourceNode): CaptureContext {
  let closed = false
  const run = () => {
    if (!closed && context.state !== 'running' && context.state !== 'closed') void context.resume().catch(() => undefined)
  }
  context.onstatechange = run
  run()
  return {
    context,
    source,
    close() {
      if (closed) return
      closed = true
      source.disconnect()
      end(context)
    },
  }
}

function end(context: AudioContext | undefined): void {
  if (context && context.state !== 'closed') void context.close().catch(() => undefined)
}
