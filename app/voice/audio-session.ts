/** W3C Audio Session; WebKit only so far. */
interface AudioSessionHolder { audioSession?: { type: string } }

/**
 * Tells the system that this page talks and listens, so that iOS plays through the loudspeaker or headset of a call instead of guessing
 * anew with each track. Does nothing where there is no such thing.
 * @returns the way out: the kind of before
 */
export function claimAudioSession(holder: AudioSessionHolder = globalThis.navigator as Navigator & AudioSessionHolder): () => void {
  const session = holder?.audioSession
  if (!session) return () => {}
  const before = session.type
  try {
    session.type = 'play-and-record'
  } catch {
    return () => {}
  }
  return () => {
    if (session.type === 'play-and-record') session.type = before === 'play-and-record' ? 'auto' : before
  }
}
