import { cut, testsOf, type Defence } from './defence.ts'

const gate = 'server/policy/client-gate.ts'
const pageRules = 'server/policy/page-rules.ts'
const userMessage = 'server/policy/user-message.ts'
const eventObject = 'server/policy/event-object.ts'
const rates = 'server/policy/rates.ts'
const siege = testsOf('test/integration/abuse-messages.test.ts')
const locked = testsOf('test/unit/server/policy/locked.test.ts')
const pace = testsOf('test/unit/server/policy/open-and-pace.test.ts')
const append = testsOf('test/unit/server/policy/canonical-append.test.ts')
const fuzz = testsOf('test/unit/server/policy/gate-fuzz.test.ts')

const oddToo = [
  cut(gate, '(audioBytes % 2 === 0 || !page)', 'true'),
  cut(pageRules, 'bytes !== undefined && bytes % 2 === 0', 'bytes !== undefined'),
]

/** What a connection may say, once it is there. */
export const messages: readonly Defence[] = [
  {
    row: '`{bad`, `null`, `[]`, `42` and the like from a program → DROP',
    without: [cut(gate, 'if (!reading.ok) return refuseSlip(reading.error, nowMs)', 'if (!reading.ok) return page ? refuseSlip(reading.error, nowMs) : { do: \'pass\', text, type: \'x\' }')],
    tests: [siege('what is no event, from a program {bad → DROP', 'what is no event, from a program null → DROP', 'what is no event, from a program 42 → DROP', 'what is no event, from a program no type → DROP'), pace('is told when a message is no event')],
  },
  {
    row: 'what can\'t be parsed → an error on that connection, and the process lives',
    without: [cut(eventObject, '  } catch {\n    return refuse(wireError(\'invalid_json\', \'Invalid event: failed', '  } catch (error) {\n    if (error) throw error\n    return refuse(wireError(\'invalid_json\', \'Invalid event: failed')],
    tests: [siege('what is no event, from a page {bad → DROP', 'what is no event, from a page empty → DROP'), fuzz('a page\'s gate never throws', 'a program\'s gate never throws'), testsOf('test/integration/fuzz.test.ts')('frames and messages, seed')],
  },
  {
    row: 'nesting a million deep, and a quarter of a million values → DROP before it is parsed',
    without: [cut(eventObject, 'const cost = text.length > LIGHT_BYTES ? costOf(text) : undefined', 'const cost = undefined')],
    tests: [siege('what is no event, from a program deep nesting of arrays'), pace('is refused what would be dear to parse before it is parsed')],
  },
  {
    row: 'any field of a page that nobody thought of → not passed on: each event is written anew',
    without: [cut(gate, 'text: JSON.stringify(eventId === null ? ruling.event : { ...ruling.event, event_id: eventId })', 'text')],
    tests: [fuzz('a page\'s gate never throws, and passes nothing beyond'), locked('strips an answer of all that the page would have otherwise'), siege('own instructions → stripped')],
  },
  {
    row: '`__proto__`/`constructor` keys of a page → SAFE; layers: no such key at any depth, no field that the schema doesn\'t know, and each event is written anew',
    without: [
      cut(gate, 'text: JSON.stringify(eventId === null ? ruling.event : { ...ruling.event, event_id: eventId })', 'text'),
      cut('packages/protocol/src/client-event-schema.ts', '  z.strictObject({ type: z.literal(type), event_id:', '  z.object({ type: z.literal(type), event_id:'),
      cut('packages/protocol/src/client-event-schema.ts', 'if (key === \'__proto__\') return unknownParameter(wirePath([...path, key]))', ''),
    ],
    tests: [siege('what is no event, from a page `__proto__`/`constructor` keys → SAFE')],
  },
  {
    row: 'unknown type from a page → DROP',
    without: [cut(gate, 'if (!isKnownType(type)) return refuseSlip(', 'if (!isKnownType(type)) return page ? { do: \'pass\', text, type } : refuseSlip(')],
    tests: [siege('what is no event, from a page unknown type → DROP', 'an event of the server → DROP', 'an event of ours → DROP', 'a type in capitals → DROP')],
  },
  {
    row: 'more than 20 unknown in 10 s → C1008',
    without: [cut('server/policy/slips.ts', 'return atMs.length > MAX_SLIPS', 'return false')],
    tests: [siege('from a page unknown type → DROP, >20/10 s → C1008', 'from a program unknown type → DROP, >20/10 s → C1008'), pace('ends the call: locked')],
  },
  {
    row: 'append with invalid base64 → DROP; layers: at a glance and in the rules',
    without: [cut('server/policy/base64-bytes.ts', 'return scratch.write(piece, \'base64\') === bytes && !piece.includes(\'-\') && !piece.includes(\'_\') ? bytes : undefined', 'return bytes')],
    tests: [siege('append with invalid base64 → DROP', 'append with base64 of the other alphabet → DROP', 'append with its end in the middle → DROP'), append('base64 is told from what is not as a pattern would')],
  },
  {
    row: 'append of an odd byte count → DROP; layers: at a glance and in the rules',
    without: oddToo,
    tests: [siege('append of one byte → DROP', 'append of an odd byte count → DROP')],
  },
  {
    row: 'append of 1 h of silence → the idle rule ends the call',
    without: [cut('server/relay/relay.ts', 'function passAudio(text: WireText, audioBytes: number | undefined, atMs: number) {\n', 'function passAudio(text: WireText, audioBytes: number | undefined, atMs: number) {\n    activeAtMs = atMs\n')],
    tests: [siege('append of 1 h of silence → idle rule ends call'), testsOf('test/integration/relay-faults.test.ts')('ends one in which nobody speaks'), testsOf('test/unit/server/relay/relay.test.ts')('tells activity from an open microphone')],
  },
  {
    row: '`session.update` changing model, instructions, tools → DROP',
    without: [cut('server/policy/session-fields.ts', 'const fault = rule ? rule(value, free) : field(param)', 'const fault = rule ? rule(value, free) : undefined')],
    tests: [siege('`session.update` changing the model → DROP', '`session.update` changing instructions → DROP', '`session.update` changing tools → DROP', '`session.update` adding an MCP server → DROP', '`session.update` changing tool_choice → DROP', '`session.update` changing max_output_tokens → DROP', '`session.update` changing the prompt → DROP', '`session.update` changing tracing → DROP', '`session.update` asking for transcription by a dear model → DROP')],
  },
  {
    row: '`session.update` of voice, speed or turn detection, where they aren\'t free → DROP',
    without: [
      cut('server/policy/session-fields.ts', 'if (free === undefined || typeof voice !== \'string\') return field(VOICE)\n', 'if (free === undefined) return undefined\n'),
      cut('server/policy/session-fields.ts', 'speed ? undefined : field(\'session.audio.output.speed\')', 'speed ? undefined : undefined'),
    ],
    tests: [fuzz('a page\'s gate never throws, and passes nothing beyond')],
  },
  {
    row: 'an audit line for what a page may not say',
    without: [cut('server/realtime/call-story.ts', 'if (before === 0) log[', 'if (false) log[')],
    tests: [siege('`session.update` changing instructions → DROP'), testsOf('test/integration/audit.test.ts')('is a warning with the call\'s id')],
  },
  {
    row: '`response.create` with own instructions, `max_output_tokens: inf`, tools → stripped',
    without: [cut(pageRules, 'case \'response.create\': return allow({ type: event.type })', 'case \'response.create\': return allow(event)')],
    tests: [siege('own instructions → stripped', '`max_output_tokens: inf` → stripped', 'tools → stripped', 'input of its own → stripped', 'another conversation → stripped', 'metadata → stripped'), locked('strips an answer of all that the page would have otherwise')],
  },
  {
    row: '`conversation.item.create` role system → DROP',
    without: [cut(userMessage, 'if (draft.role !== \'user\') return', 'if (false) return')],
    tests: [siege('`conversation.item.create` role system → DROP')],
  },
  {
    row: '`conversation.item.create` role assistant → DROP; layers: the role, and the kinds of parts',
    without: [
      cut(userMessage, 'if (draft.role !== \'user\') return', 'if (false) return'),
      cut(userMessage, 'else return { ok: false, error: notAllowed(`A part of type', 'else if (false) return { ok: false, error: notAllowed(`A part of type'),
    ],
    tests: [siege('`conversation.item.create` role assistant → DROP')],
  },
  {
    row: 'forged `function_call_output`, `function_call`, `mcp_approval_response` → DROP',
    without: [cut(userMessage, 'if (draft.type !== \'message\') return', 'if (draft.type !== \'message\') return true ? { ok: true, item: draft as never } :')],
    tests: [siege('forged `function_call_output` → DROP', 'forged `function_call` → DROP', 'forged `mcp_approval_response` → DROP')],
  },
  {
    row: 'a picture from an address, of the inside too → DROP',
    without: [cut(userMessage, 'if (error) return { ok: false, error }', '')],
    tests: [siege('a picture from the inside → DROP')],
  },
  {
    row: 'items of another call: named, deleted, truncated → DROP',
    without: [cut('server/policy/call-items.ts', 'has: id => items.has(id)', 'has: () => true')],
    tests: [siege('an item after one of another call → DROP', 'deleting an item of another call → DROP', 'truncating an item of another call → DROP')],
  },
  {
    row: 'reading an item → DROP',
    without: [cut(pageRules, 'case \'conversation.item.retrieve\': return refuse(notAllowed(`\'${event.type}\'`, \'type\'))', 'case \'conversation.item.retrieve\': return allow(event)')],
    tests: [siege('reading an item → DROP')],
  },
  {
    row: 'truncate with negative, broken or NaN ms → `error`',
    without: [cut('packages/protocol/src/client-event-schema.ts', 'audio_end_ms: z.int().min(0) }', 'audio_end_ms: z.any() }')],
    tests: [siege('truncate with negative ms', 'truncate with NaN as a string ms', 'truncate with null ms', 'truncate with half a millisecond ms', 'truncate with an array ms')],
  },
  {
    row: 'truncate with huge ms → `error`; layers: the schema, and a day at most',
    without: [
      cut('packages/protocol/src/client-event-schema.ts', 'audio_end_ms: z.int().min(0) }', 'audio_end_ms: z.any() }'),
      cut(pageRules, 'if (audio_end_ms > MAX_AUDIO_END_MS) {', 'if (false) {'),
    ],
    tests: [siege('truncate with huge ms', 'truncate with beyond a day ms', 'truncate with 2^53 ms', 'truncate with infinite ms')],
  },
  {
    row: 'an event smuggled past the glance at audio → nothing but what a page may send',
    without: [cut('server/policy/canonical-append.ts', 'return form !== null && hasType !== (form[1] !== undefined) && !(hasEventId && form[2] !== undefined)', 'return hasType || hasEventId || form !== null')],
    tests: [siege('smuggled: a second type after the audio', 'smuggled: two audios', 'smuggled: an instruction in the audio\'s place', 'smuggled: an escape that hides a type'), append('what is known at a glance parses to an append with nothing else in it')],
  },
  {
    row: 'more events than a conversation needs → C4029',
    without: [cut(rates, 'if (eventsLeft < 1) return \'events\'', '')],
    tests: [siege('from a page more events than a conversation needs', 'from a program more events than a conversation needs'), pace('a page that sends a flood of small events is cut off')],
  },
  {
    row: 'more bytes than a conversation needs → C4029',
    without: [cut(rates, 'if (bytesLeft < bytes) return \'bytes\'', '')],
    tests: [siege('from a page more bytes than a conversation needs', 'from a program more bytes than a conversation needs'), pace('a page that sends a recording five times as fast', 'a program may send three of the largest appends')],
  },
  {
    row: 'an event id of any length → comes back bounded',
    without: [cut(eventObject, 'typeof id === \'string\' ? id.slice(0, 512) : null', 'typeof id === \'string\' ? id : null')],
    tests: [siege('an event id of any length or shape comes back bounded')],
  },
  {
    row: 'who asks for errors and doesn\'t read them → C4008',
    without: [cut('server/relay/relay.ts', 'if (client.unreadBytes > 2 * marks.reply.highBytes) return', 'if (false) return')],
    tests: [testsOf('test/unit/server/relay/relay.test.ts')('who asks for errors and doesn\'t read them')],
  },
]
