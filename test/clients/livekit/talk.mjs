import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { llm } from '@livekit/agents'
import { AudioFrame } from '@livekit/rtc-node'
import { complaints, hear, openSession } from './listener.mjs'

/**
 * LiveKit's realtime model, unchanged, against the Realtime server at REALTIME_URL (`ws://host:port/v1`), without a room.
 * Prints `ok` or `not ok` and a name for each check; exits with 1 when one failed. A parent process is sent each session's events.
 */

const baseURL = process.env.REALTIME_URL
if (!baseURL) throw new Error('REALTIME_URL is missing: the base address of a Realtime server, such as ws://127.0.0.1:3000/v1')

const SAMPLE_RATE = 24_000
const FRAME_SAMPLES = SAMPLE_RATE / 50

const weather = llm.tool({
  name: 'get_weather',
  description: 'Get the weather in a city.',
  parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'], additionalProperties: false },
  execute: async () => undefined,
})
const ping = llm.tool({ name: 'ping', description: 'Tells whether the house answers.', execute: async () => undefined })
const tools = new llm.ToolContext([weather])
const pixelPng = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const say = (role, text, id) => llm.ChatMessage.create({ role, content: [text], ...(id && { id }) })
const said = session => session.chatCtx.items.map(item => item.type === 'message' ? `${item.role}: ${item.textContent ?? ''}`.trim() : item.type)

/** Adds items to the session's own context, as an agent does. */
async function add(session, ...items) {
  const context = session.chatCtx.copy()
  context.items.push(...items)
  await session.updateChatCtx(context)
}

/** A person says "go forward ten meters": 16 kHz, brought to 24 kHz by straight lines, which is good enough to be understood. */
const wav = readFileSync(new URL('../../fixtures/speech/go-forward.wav', import.meta.url))
const recorded = Array.from({ length: (wav.length - 44) >> 1 }, (_, index) => wav.readInt16LE(44 + index * 2))
const spoken = Array.from({ length: Math.floor((recorded.length - 1) * 1.5) }, (_, index) => {
  const at = Math.floor(index / 1.5)
  return Math.round(recorded[at] + (recorded[at + 1] - recorded[at]) * (index / 1.5 - at))
})

/** The recording as a microphone's frames of 20 ms, with silence after it, as fast as the line takes it. */
function speak(session, quietMs = 2500) {
  const samples = [...spoken, ...new Array(quietMs * SAMPLE_RATE / 1000).fill(0)]
  for (let at = 0; at + FRAME_SAMPLES <= samples.length; at += FRAME_SAMPLES) {
    session.pushAudio(new AudioFrame(Int16Array.from(samples.slice(at, at + FRAME_SAMPLES)), SAMPLE_RATE, 1, FRAME_SAMPLES))
  }
}

async function startLongAnswer({ session, untilEvent }) {
  await add(session, say('user', 'Tell me a story'))
  const generation = await session.generateReply()
  await untilEvent('response.output_audio.delta', 3)
  return generation
}

const checks = {
  'configures the session: model, voice, instructions, tools, turn detection, transcription': async ({ session, until, met }) => {
    await session.updateInstructions('Be kind.')
    await session.updateTools(tools)
    const { session: now } = await until(() => met.events.filter(event => event.type === 'session.updated')[2], 'three updates')
    assert.deepEqual([now.model, now.instructions, now.tool_choice, now.output_modalities], ['kaiwa-local', 'Be kind.', 'auto', ['audio']])
    assert.deepEqual(now.tools.map(({ type, name }) => [type, name]), [['function', 'get_weather']])
    assert.deepEqual([now.audio.output.voice, now.audio.output.format], ['marin', { type: 'audio/pcm', rate: SAMPLE_RATE }])
    assert.equal(now.audio.input.turn_detection.type, 'semantic_vad')
    assert.equal(now.audio.input.transcription.model, 'gpt-4o-mini-transcribe')
  },

  'has a typed turn answered in words and sound, with usage': async ({ session, until, met }) => {
    await add(session, say('user', 'Good morning'))
    const generation = await session.generateReply()
    assert.equal(generation.userInitiated, true)
    const { messages, text, samples } = await hear(generation)
    assert.deepEqual([messages.length, messages[0].modalities], [1, ['audio', 'text']])
    assert.ok(text.length > 5 && samples > SAMPLE_RATE / 2 && messages[0].peak > 500, `heard "${text}", ${samples} samples, peak ${messages[0].peak}`)
    const metrics = await until(() => met.metrics[0], 'metrics')
    assert.ok(metrics.inputTokens > 0 && metrics.outputTokenDetails.audioTokens > 0 && metrics.ttftMs >= 0 && !metrics.cancelled)
    assert.deepEqual(said(session), ['user: Good morning', `assistant: ${text}`])
    assert.equal(session.hasInflightResponse(), false)
  },

  'answers with instructions for one response only': async ({ session, untilEvent }) => {
    await session.updateInstructions('Be kind.')
    await hear(await session.generateReply('Greet the caller.'))
    await session.updateOptions({ toolChoice: 'none' })
    const last = await untilEvent('session.updated', 3)
    assert.deepEqual([last.session.instructions, last.session.tool_choice], ['Be kind.', 'none'])
  },

  'calls a function, and speaks from its output': async ({ session }) => {
    await session.updateTools(tools)
    await add(session, say('user', 'What is the weather in Tokyo?'))
    const asked = await hear(await session.generateReply())
    assert.deepEqual(asked.calls.map(call => [call.name, JSON.parse(call.args)]), [['get_weather', { location: 'Tokyo' }]])
    const [{ callId, name }] = asked.calls
    await add(session, llm.FunctionCallOutput.create({ callId, name, output: '{"temperature_c":17,"condition":"drizzle in Tokyo"}', isError: false }))
    const answer = await hear(await session.generateReply())
    assert.match(answer.text, /17.*drizzle/)
    assert.ok(answer.samples > 0)
    assert.deepEqual(session.chatCtx.items.map(item => item.type).filter(type => type !== 'message'), ['function_call', 'function_call_output'])
  },

  'calls a function that is required, and none when that is the choice': async ({ session }) => {
    await session.updateTools(tools)
    await session.updateOptions({ toolChoice: 'none' })
    await add(session, say('user', 'What is the weather in Oslo?'))
    assert.deepEqual((await hear(await session.generateReply())).calls, [])
    await session.updateOptions({ toolChoice: { type: 'function', function: { name: 'get_weather' } } })
    await add(session, say('user', 'What is the weather in Rome?'))
    assert.deepEqual((await hear(await session.generateReply())).calls.map(call => JSON.parse(call.args)), [{ location: 'Rome' }])
  },

  'calls two functions side by side, and one that takes nothing': async ({ session }) => {
    await session.updateTools(new llm.ToolContext([weather, ping]))
    await add(session, say('user', 'What is the weather in Oslo and what is the weather in Rome'))
    const { calls } = await hear(await session.generateReply())
    assert.deepEqual(calls.map(call => JSON.parse(call.args)), [{ location: 'Oslo' }, { location: 'Rome' }])
    await add(session, ...calls.map(({ callId, name }) => llm.FunctionCallOutput.create({ callId, name, output: '{"temperature_c":17}', isError: false })))
    await hear(await session.generateReply())
    await session.updateOptions({ toolChoice: { type: 'function', function: { name: 'ping' } } })
    await add(session, say('user', 'Is anybody there?'))
    assert.deepEqual((await hear(await session.generateReply())).calls.map(call => [call.name, call.args]), [['ping', '{}']])
  },

  'interrupts an answer, and asks again': async scene => {
    const { session, met, untilEvent } = scene
    const generation = await startLongAnswer(scene)
    await session.interrupt()
    await hear(generation)
    assert.equal((await untilEvent('response.done')).response.status, 'cancelled')
    assert.equal(met.metrics[0].cancelled, true)
    await session.interrupt()
    await add(session, say('user', 'Good morning'))
    assert.ok((await hear(await session.generateReply())).samples > 0)
  },

  'gives up a reply before it is there': async ({ session, met, untilEvent }) => {
    await untilEvent('session.updated')
    const giveUp = new AbortController()
    const reply = session.generateReply(undefined, { signal: giveUp.signal })
    giveUp.abort()
    await assert.rejects(reply, /aborted/)
    await untilEvent('response.done')
    assert.ok((await hear(await session.generateReply())).samples > 0)
    assert.equal(met.generations.length, 1)
  },

  'truncates an answer at what was heard, and removes one that nobody heard': async scene => {
    const { session, met, untilEvent } = scene
    const generation = await startLongAnswer(scene)
    const { item_id: messageId } = await untilEvent('response.output_audio.delta')
    await session.interrupt()
    await hear(generation)
    await session.truncate({ messageId, audioEndMs: 200.7, modalities: ['audio', 'text'] })
    const cut = await untilEvent('conversation.item.truncated')
    assert.deepEqual([cut.item_id, cut.content_index, cut.audio_end_ms], [messageId, 0, 200])
    await session.truncate({ messageId, audioEndMs: 0, modalities: ['audio', 'text'] })
    assert.equal((await untilEvent('conversation.item.deleted')).item_id, messageId)
    assert.deepEqual(said(session), ['user: Tell me a story'])
    assert.deepEqual(met.errors, [])
  },

  'rewrites its context: in the middle, changed, taken away': async ({ session }) => {
    await add(session, say('system', 'Rules.', 'item_rules'), say('user', 'One', 'item_one'), say('assistant', 'Two', 'item_two'), say('user', 'Three', 'item_three'))
    const next = session.chatCtx.copy()
    next.items = next.items.filter(item => item.id !== 'item_one')
    next.items.splice(1, 0, say('user', 'Between', 'item_between'))
    next.items[2] = say('assistant', 'Two, changed', 'item_two')
    await session.updateChatCtx(next)
    assert.deepEqual(said(session), ['system: Rules.', 'user: Between', 'assistant: Two, changed', 'user: Three'])
    // An item for the front it sends without a place, which is the end: its own context agrees with the server's.
    next.items.unshift(say('user', 'Zero', 'item_zero'))
    await session.updateChatCtx(next)
    assert.deepEqual(said(session).at(-1), 'user: Zero')
    await session.updateChatCtx(llm.ChatContext.empty())
    assert.deepEqual(said(session), [])
  },

  'puts a picture and a sound into its context': async ({ session, met }) => {
    const picture = llm.createImageContent({ image: `data:image/png;base64,${pixelPng}` })
    const sound = llm.createAudioContent({ frame: [new AudioFrame(new Int16Array(SAMPLE_RATE), SAMPLE_RATE, 1, SAMPLE_RATE)] })
    await add(session, llm.ChatMessage.create({ role: 'user', content: ['Look', picture] }), llm.ChatMessage.create({ role: 'user', content: [sound] }))
    const added = met.events.filter(({ type }) => type === 'conversation.item.added').map(({ item }) => item.content.map(part => part.type))
    assert.deepEqual(added, [['input_text', 'input_image'], ['input_audio']])
    assert.ok((await hear(await session.generateReply())).samples > 0)
  },

  'is told at once which item of its context is refused': async ({ session, untilEvent }) => {
    const before = Date.now()
    await add(session, say('user', 'Good morning'), llm.FunctionCallOutput.create({ callId: 'call_of_nobody', name: 'get_weather', output: '{}', isError: false }))
    assert.ok(Date.now() - before < 4000, 'it waited for an answer that never came')
    const { error } = await untilEvent('error')
    assert.deepEqual([error.type, error.param], ['invalid_request_error', 'item.call_id'])
    assert.deepEqual(said(session), ['user: Good morning'])
  },

  'takes a spoken turn, with its words, and speaks back': async ({ session, met, until }) => {
    speak(session)
    const generation = await until(() => met.generations[0], 'an answer')
    assert.equal(generation.userInitiated, false)
    const { text, samples } = await hear(generation)
    assert.ok(text && samples > 0)
    const { transcript } = await until(() => met.transcripts.find(({ isFinal }) => isFinal), 'the words of the turn')
    assert.deepEqual(said(session), [`user: ${transcript}`, `assistant: ${text}`])
  },

  'is interrupted by speech': async scene => {
    const { session, met, until, untilEvent } = scene
    const generation = await startLongAnswer(scene)
    speak(session)
    await untilEvent('input_audio_buffer.speech_started')
    await hear(generation)
    assert.equal((await untilEvent('response.done')).response.status, 'cancelled')
    await hear(await until(() => met.generations[1], 'the next answer'))
  },

  'pushes to talk: clears, commits and asks': [{ turnDetection: null }, async ({ session, met, untilEvent }) => {
    assert.equal((await untilEvent('session.updated')).session.audio.input.turn_detection, null)
    speak(session)
    await session.clearAudio()
    await untilEvent('input_audio_buffer.cleared')
    speak(session)
    await session.commitAudio()
    await untilEvent('input_audio_buffer.committed')
    assert.ok((await hear(await session.generateReply())).samples > 0)
    assert.equal(met.generations.length, 1)
  }],

  'answers in text alone': [{ modalities: ['text'] }, async ({ session }) => {
    await add(session, say('user', 'Good morning'))
    const { messages, samples } = await hear(await session.generateReply())
    assert.deepEqual([messages[0].modalities, samples], [['text'], 0])
    assert.ok(messages[0].text)
  }],

  'comes back on a new connection with its history and tools': [{ maxSessionDuration: 1500 }, async ({ session, met, until, untilEvent }) => {
    await session.updateTools(tools)
    await add(session, say('user', 'I am called Aiko'), say('assistant', 'Hello Aiko'))
    await until(() => met.reconnected > 0, 'a new connection')
    const { session: now } = await untilEvent('session.updated', 4)
    assert.deepEqual(now.tools.map(tool => tool.name), ['get_weather'])
    await until(() => session.chatCtx.items.length === 2, 'the history')
    assert.deepEqual(said(session), ['user: I am called Aiko', 'assistant: Hello Aiko'])
    // The plugin tells of its own planned end as an error from which it recovers.
    met.errors = met.errors.filter(({ recoverable }) => !recoverable)
  }],
}

let failed = 0
for (const [name, check] of Object.entries(checks)) {
  const [options, run] = Array.isArray(check) ? check : [{}, check]
  const scene = openSession(baseURL, options)
  try {
    await run(scene)
    await scene.close()
    const errors = [...scene.met.errors.map(({ error }) => error.message), ...complaints].filter(Boolean)
    if (errors.length) throw new Error(`the plugin complains: ${errors.join('; ')}`)
    console.log(`ok ${name}`)
  } catch (error) {
    failed++
    console.log(`not ok ${name}\n  ${String(error.message).replaceAll('\n', '\n  ')}`)
    await scene.close().catch(() => undefined)
  }
  complaints.length = 0
  process.send?.({ name, events: scene.met.events })
}
console.log(`${Object.keys(checks).length - failed} of ${Object.keys(checks).length} checks passed`)
process.exit(failed ? 1 : 0)
