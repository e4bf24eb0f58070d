import { expect, it } from 'vitest'
import type { ContractClient, WireEvent } from '../contract-client.ts'
import type { Scene } from '../describe-realtime-server.ts'
import { recording, speak } from '../recording.ts'
import { livekitGrievances, pipecatGrievances } from '../client-grievances.ts'
import { ofType } from './talk.ts'

const weather = { type: 'function', name: 'get_weather', description: 'The weather in a city.', parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] } }
const ping = { type: 'function', name: 'ping', description: 'Tells whether the house answers.' }

/** LiveKit's plugin gives up on an item, and on a response, after so long. */
const ITEM_WITHIN_MS = 5_000
const RESPONSE_WITHIN_MS = 10_000

/** The order of saying things, and the expectations, of clients that aren't JavaScript or need a native part: replayed as they behave. */
export function knownClientContract({ connect, open, capabilities }: Scene): void {
  const { short, long } = capabilities.prompts
  const output_modalities = capabilities.audioOut ? ['audio'] : ['text']

  livekit()
  pipecat()

  function livekit(): void {
    let count = 0

    /** Says all it wants as soon as the line is open, the tools in an update of their own. */
    async function start(session: object = {}): Promise<ContractClient> {
      const client = await connect()
      client.send({
        type: 'session.update', event_id: `session_update_${++count}`,
        session: { type: 'realtime', output_modalities, audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'medium', create_response: true, interrupt_response: true }, noise_reduction: null } }, tool_choice: 'auto', ...session },
      })
      client.send({ type: 'session.update', event_id: `tools_update_${++count}`, session: { type: 'realtime', tools: capabilities.tools ? [weather, ping] : [] } })
      return client
    }

    const message = (id: string, text: string) => ({
      type: 'conversation.item.create', event_id: `chat_ctx_create_${id}`, item: { id, type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
    })

    /** Asks for a response and finds it again by the id that it put into the metadata. */
    async function respond(client: ContractClient, response: object = {}): Promise<WireEvent> {
      const id = `response_create_${++count}`
      client.send({ type: 'response.create', event_id: id, response: { ...response, metadata: { client_event_id: id } } })
      const created = await client.next(event => event.type === 'response.created' && event.response.metadata?.client_event_id === id, RESPONSE_WITHIN_MS)
      return client.next(event => event.type === 'response.done' && event.response.id === created.response.id)
    }

    it('LiveKit\'s plugin: a turn that it asked for, with ids of its own', async () => {
      const client = await start()
      client.send({ ...message('item_second', short), previous_item_id: 'root' })
      client.send({ ...message('item_first', 'We met before'), previous_item_id: 'root' })
      for (const id of ['item_second', 'item_first']) await client.next(event => event.type === 'conversation.item.added' && event.item.id === id, ITEM_WITHIN_MS)
      await respond(client)
      client.send({ type: 'conversation.item.delete', event_id: 'chat_ctx_delete', item_id: 'item_first' })
      await client.next(event => event.type === 'conversation.item.deleted' && event.item_id === 'item_first', ITEM_WITHIN_MS)
      expect(livekitGrievances(client.events)).toEqual([])
    })

    it('LiveKit\'s plugin: an answer that is cut, and a cancel too many', async () => {
      const client = await start()
      client.send(message('item_long', long))
      client.send({ type: 'response.create', event_id: 'response_create_long', response: { metadata: { client_event_id: 'response_create_long' } } })
      await client.next(event => /^response\.output_(audio|text)\.delta$/.test(event.type))
      client.send({ type: 'response.cancel' })
      await client.next('response.done')
      client.send({ type: 'response.cancel' })
      await client.next('error')
      expect(livekitGrievances(client.events)).toEqual([])
    })

    if (capabilities.tools) {
      it('LiveKit\'s plugin: a call that is named outright, whose arguments are never an empty text', async () => {
        const client = await start({ tool_choice: 'auto' })
        client.send(message('item_ask', 'Is anybody there?'))
        const done = await respond(client, { tool_choice: 'ping' })
        const [call] = done.response.output
        expect(call).toMatchObject({ type: 'function_call', name: 'ping', arguments: '{}' })
        client.send({ type: 'conversation.item.create', event_id: 'chat_ctx_output', item: { id: 'item_output', type: 'function_call_output', call_id: call.call_id, output: 'Yes.' } })
        await client.next(event => event.type === 'conversation.item.added' && event.item.id === 'item_output', ITEM_WITHIN_MS)
        await respond(client)
        expect(livekitGrievances(client.events)).toEqual([])
      })
    }

    if (capabilities.audioIn) {
      it('LiveKit\'s plugin: a spoken turn', async () => {
        const client = await start()
        await speak(client, recording('go-forward.wav'))
        await client.next('response.done', 15_000)
        expect(livekitGrievances(client.events)).toEqual([])
      })
    }
  }

  function pipecat(): void {
    const uuid = (n: number) => String(n).padStart(32, '0')

    /** Waits for both of the server's words before it asks for anything. */
    async function start(): Promise<ContractClient> {
      const client = await open()
      client.send({
        type: 'session.update', event_id: uuid(1),
        session: {
          type: 'realtime', output_modalities, instructions: 'Be kind.', tools: capabilities.tools ? [weather] : [],
          audio: { input: { transcription: { model: 'gpt-4o-transcribe' }, turn_detection: { type: 'semantic_vad' } } },
        },
      })
      await client.next('session.updated')
      return client
    }

    async function respond(client: ContractClient, text: string): Promise<WireEvent> {
      client.send({ type: 'conversation.item.create', event_id: uuid(2), item: { id: uuid(3), type: 'message', role: 'user', content: [{ type: 'input_text', text }] } })
      client.send({ type: 'response.create', event_id: uuid(4), response: { output_modalities } })
      return client.next('response.done')
    }

    it('pipecat: a turn, and a cut one', async () => {
      const client = await start()
      await respond(client, short)
      client.send({ type: 'conversation.item.create', item: { id: uuid(5), type: 'message', role: 'user', content: [{ type: 'input_text', text: long }] } })
      client.send({ type: 'response.create', event_id: uuid(6) })
      await client.next(event => /^response\.output_(audio|text)\.delta$/.test(event.type))
      client.send({ type: 'response.cancel', event_id: uuid(7) })
      expect((await client.next('response.done')).response.status).toBe('cancelled')
      expect(pipecatGrievances(client.events)).toEqual([])
    })

    if (capabilities.tools) {
      it('pipecat: a call, known by its item before it is run', async () => {
        const client = await start()
        const done = await respond(client, 'What is the weather in Tokyo?')
        const call = done.response.output.find((item: WireEvent) => item.type === 'function_call')
        client.send({ type: 'conversation.item.create', item: { id: uuid(8), type: 'function_call_output', call_id: call.call_id, output: '{"temperature": 17}' } })
        client.send({ type: 'response.create' })
        await client.next('response.done')
        expect(ofType(client, 'response.function_call_arguments.done')).toHaveLength(1)
        expect(pipecatGrievances(client.events)).toEqual([])
      })
    }

    if (capabilities.audioIn) {
      it('pipecat: a spoken turn with its words', async () => {
        const client = await start()
        await speak(client, recording('go-forward.wav'))
        const hasBoth = () => ['response.done', 'conversation.item.input_audio_transcription.completed'].every(type => ofType(client, type).length > 0)
        await client.next(hasBoth, 15_000)
        expect(pipecatGrievances(client.events)).toEqual([])
      })
    }
  }
}
