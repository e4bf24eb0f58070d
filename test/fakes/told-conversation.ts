import type { ConversationCard, KeptConversation, KeptItem } from '../../shared/history.ts'

const beganAtMs = 1_790_000_000_000

export function keptCard(change: Partial<ConversationCard> = {}): ConversationCard {
  return {
    id: 'conv_1', title: 'Weekend in Kanazawa', title_by: 'words', summary: null, persona: null, began_at_ms: beganAtMs, last_at_ms: beganAtMs + 60_000, call_count: 1,
    item_count: 4, spoken_ms: 24_000, usd: null, branch_of: null, has_audio: false, live: false, version: 1, found: null, ...change,
  }
}

export function keptItem(change: Partial<KeptItem> & Pick<KeptItem, 'id'>): KeptItem {
  return {
    conversation_id: 'conv_1', call_id: 'call_1', at_ms: beganAtMs, kind: 'message', role: 'user', text: '', text_state: 'final', heard_text: null, medium: 'voice',
    status: 'completed', cut_at_ms: null, span: null, response_id: null, name: null, tool_call_id: null, ...change,
  }
}

/** Two calls: a question, a tool, an answer that was cut, a typed word; then one more question a day later. */
export function keptConversation(change: Partial<KeptConversation> = {}): KeptConversation {
  const call = { conversation_id: 'conv_1', ended_how: 'client', model: 'gpt-realtime-2.1', brain: 'openai', transport: 'websocket', persona: null }
  const calls = [
    { ...call, id: 'call_1', began_at_ms: beganAtMs, ended_at_ms: beganAtMs + 40_000 },
    { ...call, id: 'call_2', began_at_ms: beganAtMs + 86_400_000, ended_at_ms: beganAtMs + 86_410_000 },
  ]
  const items = [
    keptItem({ id: 'item_1', text: 'What should we do in Kanazawa on Saturday?', span: { from_ms: -400, to_ms: 3000 } }),
    keptItem({ id: 'item_2', at_ms: beganAtMs + 3600, kind: 'function_call', role: null, name: 'get_forecast', tool_call_id: 'tool_1', text: '{"place":"Kanazawa"}', medium: 'text' }),
    keptItem({ id: 'item_3', at_ms: beganAtMs + 4012, kind: 'function_call_output', role: null, tool_call_id: 'tool_1', text: 'Sat 28: rain from 15:00.', medium: 'text' }),
    keptItem({
      id: 'item_4', role: 'assistant', text: 'Saturday stays dry until three. See the garden first, then the castle across the bridge.', heard_text: 'Saturday stays dry until three.',
      span: { from_ms: 4200, to_ms: 9200 }, cut_at_ms: 5000, response_id: 'resp_1',
    }),
    keptItem({ id: 'item_5', at_ms: beganAtMs + 12_000, text: 'Thanks', medium: 'text' }),
    keptItem({ id: 'item_6', call_id: 'call_2', at_ms: beganAtMs + 86_401_000, text: 'Where did we leave off?', span: { from_ms: 800, to_ms: 2400 } }),
  ]
  const latency = { call_id: 'call_1', at_ms: beganAtMs + 4200, committed_ms: 40, first_text_ms: 700, first_audio_ms: 900, relay_ms: 3 }
  return {
    ...keptCard(), calls, items, branched_after: null, responses: [], latencies: [{ ...latency, response_id: 'resp_1', speech_end_ms: 3000, first_heard_ms: 1200 }],
    formats: ['md', 'json', 'srt', 'vtt'], ...change,
  }
}
