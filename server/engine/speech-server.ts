/**
 * What the stages over OpenAI's `/v1/audio/…` have in common: address, request, time limits, and faults in one sentence. Neither the
 * key nor the server's own words are in a fault, since those may quote the key.
 */
import { StageError } from '@kaiwa/engine'
import type { SpeechServer } from './adapters.ts'

export interface SpeechServerCall {
  stage: 'stt' | 'tts'
  server: SpeechServer
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch
}

/** The server's answer is not what was asked for; `message` goes on from "The … server at … ". */
export class SpeechServerFault extends Error {}

/** The start waits for it. */
const LOOK_TIMEOUT_MS = 1_500

const purposes = { stt: { name: 'transcription', path: '/audio/transcriptions' }, tts: { name: 'speech', path: '/audio/speech' } } as const

/** `https://host`, `https://host/v1` and the full address all lead to the same place. */
export function speechServerUrl(stage: 'stt' | 'tts', url: URL): URL {
  const address = new URL(url)
  const path = address.pathname.replace(/\/+$/, '')
  const { path: own } = purposes[stage]
  if (!path.endsWith(own)) address.pathname = `${path === '' ? '/v1' : path}${own}`
  return address
}

/** For people: what the capability report and faults call it. */
export const nameOfServer = (stage: 'stt' | 'tts', { url }: Pick<SpeechServer, 'url'>) => `${purposes[stage].name} server at ${url.origin}`

/** @throws what `fetch` throws; SpeechServerFault for an answer that isn't 2xx. Bound it with `patience`. */
export async function askSpeechServer(
  { stage, server, fetch = globalThis.fetch }: SpeechServerCall, init: { body: FormData | string, signal: AbortSignal },
): Promise<Response> {
  const headers = { ...(typeof init.body === 'string' && { 'content-type': 'application/json' }), ...(server.key && { authorization: `Bearer ${server.key}` }) }
  // Another address than the one configured gets neither key nor voice.
  const response = await fetch(speechServerUrl(stage, server.url), { method: 'POST', headers, redirect: 'error', ...init })
  if (response.ok) return response
  void response.body?.cancel().catch(() => {})
  throw new SpeechServerFault(describeStatus(stage, server.model, response.status))
}

/** What went wrong as the stage's fault: one sentence. */
export function speechServerError({ stage, server }: SpeechServerCall, error: unknown): StageError {
  return error instanceof StageError ? error : new StageError(stage, `The ${nameOfServer(stage, server)} ${describeFailure(stage, error)}`)
}

function describeStatus(stage: 'stt' | 'tts', model: string, status: number): string {
  const variable = `KAIWA_${stage.toUpperCase()}`
  if (status === 401 || status === 403) return `refused the key (HTTP ${status}). Check ${variable}_KEY.`
  if (status === 404) return `has no model ${JSON.stringify(model)}, or offers no ${purposes[stage].path} (HTTP 404). Check ${variable}_MODEL and ${variable}_URL.`
  if (status === 413) return 'takes no audio as long as this (HTTP 413). Raise its limit.'
  if (status === 429) return 'takes no more requests now (HTTP 429). Wait, or check its quota.'
  if (status >= 500) return `failed (HTTP ${status}). See the log of that server.`
  return `refused the request (HTTP ${status}). Check ${variable}_MODEL${stage === 'tts' ? `, ${variable}_VOICE` : ''} and ${variable}_URL.`
}

/** The code alone: messages of `fetch` may quote a header, and with it the key. */
function describeFailure(stage: 'stt' | 'tts', error: unknown): string {
  if (error instanceof SpeechServerFault) return error.message
  const code = codeOf(error)
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') return 'broke off the connection. See the log of that server.'
  return `is unreachable${code ? ` (${code})` : ''}. Check KAIWA_${stage.toUpperCase()}_URL and that the server runs.`
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { cause?: { code?: unknown } } | undefined)?.cause?.code
  return typeof code === 'string' && /^[\w-]{1,40}$/.test(code) ? code : undefined
}

/** `work`, but no longer than `ms`: then the request is ended and a fault thrown. Rejects at once when the request is ended. */
export async function patience<T>(ms: number, work: Promise<T>, controller: AbortController): Promise<T> {
  let giveUp: (why: Error) => void = () => {}
  const late = new Promise<never>((_, reject) => { giveUp = reject })
  const onAbort = () => giveUp(new Error('aborted'))
  const timer = setTimeout(() => {
    giveUp(new SpeechServerFault(`sent nothing for ${ms / 1000} s. Check that the server runs and has loaded its model.`))
    controller.abort()
  }, ms)
  controller.signal.addEventListener('abort', onAbort, { once: true })
  if (controller.signal.aborted) onAbort()
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    controller.signal.removeEventListener('abort', onAbort)
  }
}

/** A look at the start, without key or audio: nothing when something answers there, else what the connection said. Any HTTP answer counts. */
export async function whyUnreachable(url: URL): Promise<string | undefined> {
  try {
    const response = await fetch(url.origin, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })
    void response.body?.cancel().catch(() => {})
    return undefined
  } catch (error) {
    return codeOf(error) ?? 'no answer'
  }
}
