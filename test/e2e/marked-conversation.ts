import { floatToPcm16, pcm16ToBytes } from '@kaiwa/audio'
import { scriptedConversation, type Conversation } from '../fakes/scripted-conversation.ts'
import { markedVoice } from './marked-blocks.ts'

/** When which blocks go out: `atMs` after the response began. */
export interface Piece { atMs: number, from: number, count: number }
/** An answer: its items, each in pieces. */
export type Answer = readonly (readonly Piece[])[]

const SAMPLE_RATE = 24_000

/** Blocks `from` to `from + count` in pieces of 200 ms, `everyMs` apart. */
export function evenly(from: number, count: number, everyMs: number, startMs = 0): Piece[] {
  const pieceBlocks = 10
  return Array.from({ length: Math.ceil(count / pieceBlocks) }, (_, i) => {
    const before = i * pieceBlocks
    return { atMs: startMs + i * everyMs, from: from + before, count: Math.min(pieceBlocks, count - before) }
  })
}

/** The same pieces, each late by as much as the list says, in order all the same. */
export function late(pieces: readonly Piece[], lateMs: readonly number[]): Piece[] {
  let lastMs = 0
  return pieces.map((piece, i) => {
    lastMs = Math.max(lastMs, piece.atMs + lateMs[i % lateMs.length]!)
    return { ...piece, atMs: lastMs }
  })
}

/** A conversation whose answers are marked blocks at their times; when there are no more answers, the last again. */
export function markedConversation(answers: readonly Answer[]) {
  return (sendEvent: (event: object) => void, model: string): Conversation => {
    let lastItemId: string | null = null
    const send = (event: object) => {
      const { type, item } = event as { type?: string, item?: { id: string } }
      if (type === 'conversation.item.added' && item) lastItemId = item.id
      sendEvent(event)
    }
    let given = 0
    let active: { id: string, cancel: () => void } | undefined
    const inner = scriptedConversation(send, model)

    function answer() {
      const id = `resp_marked${given}`
      const items = answers[Math.min(given++, answers.length - 1)]!
      // One timer after the other: late ones of their own would overtake each other.
      const acts: { atMs: number, act: () => void }[] = []
      const at = (atMs: number, act: () => void) => { acts.push({ atMs, act }) }
      const beganMs = performance.now()
      let timer: ReturnType<typeof setTimeout> | undefined
      const work = () => {
        for (let next = acts[0]; next && next.atMs <= performance.now() - beganMs; next = acts[0]) {
          acts.shift()
          next.act()
        }
        if (acts[0]) timer = setTimeout(work, Math.max(1, acts[0].atMs - (performance.now() - beganMs)))
      }
      const end = (status: 'completed' | 'cancelled') => {
        active = undefined
        const reason = status === 'cancelled' ? { status_details: { type: 'cancelled', reason: 'client_cancelled' } } : { status_details: null }
        say({ type: 'response.done', response: responseOf(id, status, reason) })
      }
      active = {
        id,
        cancel() {
          clearTimeout(timer)
          acts.length = 0
          end('cancelled')
        },
      }
      say({ type: 'response.created', response: responseOf(id, 'in_progress', { status_details: null }) })
      let lastMs = 0
      items.forEach((pieces, index) => {
        const item = { id: `item_marked${given}_${index}`, object: 'realtime.item', type: 'message', role: 'assistant', status: 'in_progress', content: [] as object[] }
        const where = { response_id: id, item_id: item.id, output_index: index, content_index: 0 }
        at(Math.max(lastMs, pieces[0]!.atMs), () => {
          const previous_item_id = lastItemId
          say({ type: 'response.output_item.added', response_id: id, output_index: index, item })
          say({ type: 'conversation.item.added', previous_item_id, item })
          say({ type: 'response.content_part.added', ...where, part: { type: 'audio', transcript: '' } })
          say({ type: 'response.output_audio_transcript.delta', ...where, delta: 'So many blocks of sound. ' })
        })
        for (const piece of pieces) {
          lastMs = Math.max(lastMs, piece.atMs)
          at(lastMs, () => say({ type: 'response.output_audio.delta', ...where, delta: wire(piece) }))
        }
        at(lastMs, () => {
          const done = { ...item, status: 'completed', content: [{ type: 'output_audio', transcript: 'So many blocks of sound. ' }] }
          say({ type: 'response.output_audio.done', ...where })
          say({ type: 'response.output_audio_transcript.done', ...where, transcript: 'So many blocks of sound. ' })
          say({ type: 'conversation.item.done', previous_item_id: null, item: done })
          say({ type: 'response.output_item.done', response_id: id, output_index: index, item: done })
        })
      })
      at(lastMs, () => end('completed'))
      work()
    }

    let events = 0
    const say = (event: object) => send({ event_id: `event_marked${++events}`, ...event })
    return {
      receive(text) {
        const event = JSON.parse(text) as { type?: string }
        if (event.type === 'response.create') return answer()
        if (event.type === 'response.cancel' && active) return active.cancel()
        inner.receive(text)
      },
      close() { active?.cancel() },
    }
  }
}

const wire = ({ from, count }: Piece) => Buffer.from(pcm16ToBytes(floatToPcm16(markedVoice(SAMPLE_RATE, count, from)))).toString('base64')

const responseOf = (id: string, status: string, more: object) => ({
  id, object: 'realtime.response', status, output: [], conversation_id: 'conv_1', output_modalities: ['audio'], max_output_tokens: 'inf', usage: null, metadata: null, ...more,
})
