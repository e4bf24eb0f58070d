/** A worklet's file comes from our own origin: longer than this and it will not come. */
const LOAD_TIMEOUT_MS = 10_000

/** Loads a worklet's file into the context. Rejects when it can't be had within 10 s; loading the same file again is harmless. */
export async function loadWorklet(context: Pick<AudioContext, 'audioWorklet'>, url: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the audio worklet did not load within ${LOAD_TIMEOUT_MS / 1000} s`)), LOAD_TIMEOUT_MS)
  })
  try {
    await Promise.race([context.audioWorklet.addModule(url), late])
  } finally {
    clearTimeout(timer)
  }
}
