import { readdirSync, readFileSync } from 'node:fs'
import { createRealtimeAdapterState, receive, send } from '@kaiwa/protocol'
import type { ClientEvent, DialogueCommand, DialogueEvent, Segment } from '@kaiwa/protocol'

/** Whole turns as they go over the wire, with what they have to mean. `sends`: what the adapter answers to that very step. */
export interface Sample {
  about: string
  steps: ({ server: Record<string, unknown>, sends?: string[] } | { page: DialogueCommand, sends: string[] })[]
  told: string[]
  conversation: (Partial<Segment> & { id: string })[]
}

const folder = new URL('./samples/', import.meta.url)

export const samples: { name: string, sample: Sample }[] = readdirSync(folder).filter(file => file.endsWith('.json')).map(file =>
  ({ name: file.replace('.json', ''), sample: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Sample }))

/** What each step led to. */
export function replay({ steps }: Sample): { events: DialogueEvent[], wire: ClientEvent[] }[] {
  let state = createRealtimeAdapterState()
  return steps.map(step => {
    const led = 'page' in step ? send(state, step.page) : receive(state, JSON.stringify(step.server))
    state = led.state
    return { events: led.events, wire: led.wire }
  })
}

/** A client event in a few words. */
export function wireInWords(event: ClientEvent): string {
  switch (event.type) {
    case 'conversation.item.create': return `${event.type} ${event.item.id ?? ''}`.trim()
    case 'conversation.item.truncate': return `${event.type} ${event.item_id} ${event.audio_end_ms}`
    case 'conversation.item.delete': return `${event.type} ${event.item_id}`
    case 'response.cancel': return `${event.type} ${event.response_id ?? ''}`.trim()
    case 'session.update': return `${event.type} ${event.session.audio?.input?.turn_detection?.type ?? 'null'}`
    default: return event.type
  }
}

/** An event of ours in a few words. */
export function eventInWords(event: DialogueEvent): string {
  switch (event.type) {
    case 'opened': return `opened ${event.voice} ${event.capabilities.turnTaking}`
    case 'segment': return segmentInWords(event.segment)
    case 'segment_removed': return `segment_removed ${event.segmentId}`
    case 'reply_started': return `reply_started ${event.replyId}`
    case 'reply_ended': return `reply_ended ${event.replyId} ${event.end.how}${endInWords(event.end)}`
    case 'voice': case 'voice_ended': case 'voice_began': return `${event.type} ${event.segmentId}`
    case 'voice_over': return `${event.type} ${event.replyId}${event.cut ? ' cut' : ''}`
    case 'user_speech': return `user_speech ${event.on ? 'on' : 'off'} ${event.segmentId} ${event.atMs}`
    case 'interrupted': return `interrupted ${event.by} ${event.segmentId} ${event.heardMs}`
    case 'tool_call': return `tool_call ${event.name} ${event.callId}`
    case 'meter': return `meter ${event.readings.filter(({ total }) => total > 0).map(({ unit, total }) => `${unit}=${total}`).join(' ')}`
    case 'fault': return `fault ${event.fault.code}${event.fault.fatal ? ' fatal' : ''}`
    case 'notice': return `notice ${event.code}`
    case 'answer_due': return `answer_due ${event.segmentId}`
  }
}

function segmentInWords({ id, afterId, textState, open, cut, text }: Segment): string {
  const place = afterId === undefined ? '' : ` after ${afterId}`
  return `segment ${id}${place} ${textState}${open ? ' open' : ''}${cut ? ` cut ${cut.by} ${cut.heardMs}` : ''}: ${text}`
}

function endInWords(end: Extract<DialogueEvent, { type: 'reply_ended' }>['end']): string {
  switch (end.how) {
    case 'completed': return ''
    case 'cancelled': return ` ${end.by}`
    case 'incomplete': return ` ${end.reason}`
    case 'failed': return ` ${end.fault.code}${end.fault.fatal ? ' fatal' : ''}`
  }
}
