import type { Readable } from 'node:stream'
import type { WireText } from '../relay/link.ts'
import type { Base64Place } from './audio-message.ts'

/** A stretch of one voice, being written. */
export interface AudioFile {
  /** Copies the base64 of a message; the rest is done later. */
  add(text: WireText, place: Base64Place): void
  /** Its bytes, once they are all there under its key. 0: nothing was kept. Never rejects. */
  end(): Promise<number>
}

export interface AudioRange { fromByte: number, /** Inclusive. */ toByte: number }

export type AudioTrouble = 'missing' | 'unreadable'

export class AudioError extends Error {
  readonly code: AudioTrouble
  constructor(code: AudioTrouble, message: string) {
    super(message)
    this.name = 'AudioError'
    this.code = code
  }
}

/**
 * Where voices are kept: raw samples as they were on the wire (little-endian PCM16, or G.711), one file a stretch. A key is
 * `<conversation>/<call>/<speaker>-<number>.<pcm|ulaw|alaw>`.
 */
export interface AudioKeeper {
  /** `onTrouble`: nothing more of it is taken. Called at most once. */
  begin(key: string, onTrouble: (why: string) => void): AudioFile
  /** The call is over: its files may go where they stay. */
  settle(conversationId: string, callId: string): void
  /** Removes a call of which nothing is to be kept. */
  forgetCall(conversationId: string, callId: string): Promise<void>
  /** @throws AudioError `missing`, `unreadable` */
  read(key: string, range?: AudioRange): Promise<Readable>
  /** What an earlier process left half-done is removed, or finished. */
  start(): void
  /** Best effort, like all removal here: what couldn't be removed is told in the log. */
  delete(keys: readonly string[]): Promise<void>
  /** Removes all of a conversation, told of or not. */
  forget(conversationId: string): Promise<void>
  /** What is under way is finished, or left for the next start. */
  close(withinMs: number): Promise<void>
}

const KEY = /^[\w-]{1,128}\/[\w-]{1,128}\/(?:user|assistant)-\d{1,9}\.(?:pcm|ulaw|alaw)$/

/** Whatever a database says, a key leads nowhere else. */
export const isAudioKey = (key: string) => KEY.test(key)
export const conversationOfKey = (key: string) => key.split('/')[0]!
