import { afterEach, beforeEach, describe, expect } from 'vitest'
import type { ContractClient } from './contract-client.ts'
import { audioTurnContract } from './clauses/audio-turns.ts'
import { badInputContract } from './clauses/bad-input.ts'
import { conversationContract } from './clauses/conversation.ts'
import { errorContract } from './clauses/errors.ts'
import { functionCallContract } from './clauses/function-calls.ts'
import { knownClientContract } from './clauses/known-clients.ts'
import { mcpContract } from './clauses/mcp.ts'
import { overrideContract } from './clauses/overrides.ts'
import { responseContract } from './clauses/responses.ts'
import { sessionContract } from './clauses/session.ts'
import { telephoneContract } from './clauses/telephone.ts'
import { textTurnContract } from './clauses/text-turns.ts'
import { transcriptionContract } from './clauses/transcription.ts'
import { turnTakingContract } from './clauses/turn-taking.ts'
import { brokenLaws } from './wire-laws.ts'

/** What a client asks for when it connects. */
export interface ConnectOptions { model?: string, intent?: 'transcription' }

/** One server that was started for a test. */
export interface RealtimeServer {
  connect(options?: ConnectOptions): Promise<ContractClient>
  close(): Promise<void> | void
}

/** What a server is asked to show. All on by default but MCP; the clauses of a thing that is off aren't part of its contract. */
export interface Capabilities {
  /** Hears: turn detection, manual turns, transcription. */
  audioIn: boolean
  /** Speaks: audio deltas. */
  audioOut: boolean
  /** Opens sessions that only listen. */
  transcriptionSessions: boolean
  /** The client owns the session: updates, own items, overrides. */
  openPolicy: boolean
  /** Calls functions of the client's. */
  tools: boolean
  /** Calls tools of MCP servers itself, those on loopback included. */
  mcp: boolean
  /** Refuses wrong events itself, with the API's codes. */
  validates: boolean
  /** Binary frames can be sent over its line. */
  binary: boolean
  /** What to type to get a short answer, and one that takes at least five seconds to produce. */
  prompts: { short: string, long: string }
}

export const allCapabilities: Capabilities = {
  audioIn: true, audioOut: true, transcriptionSessions: true, openPolicy: true, tools: true, mcp: false, validates: true, binary: true, prompts: { short: 'Good morning', long: 'Tell me a story' },
}

/** What a clause works with: fresh for every test. */
export interface Scene {
  /** A connection whose `session.created` was read. */
  open(options?: ConnectOptions): Promise<ContractClient>
  /** A connection of which nothing was read. */
  connect(options?: ConnectOptions): Promise<ContractClient>
  capabilities: Capabilities
}

/**
 * What "speaks the Realtime protocol" means here: the GA protocol's shapes, order and errors, asked of any server over any
 * line. It asserts only what every server has to do; what one of them adds is tested beside it.
 */
export function describeRealtimeServer(name: string, start: () => Promise<RealtimeServer>, able: Partial<Capabilities> = {}): void {
  const capabilities = { ...allCapabilities, ...able }

  describe(`Realtime protocol: ${name}`, () => {
    let server: RealtimeServer
    let clients: ContractClient[] = []

    beforeEach(async () => { server = await start() })
    afterEach(async () => {
      for (const client of clients) expect(brokenLaws(client.events)).toEqual([])
      for (const client of clients) client.close()
      clients = []
      await server.close()
    })

    const connect: Scene['connect'] = async options => {
      const client = await server.connect(options)
      clients.push(client)
      return client
    }
    const scene: Scene = {
      capabilities,
      connect,
      async open(options) {
        const client = await connect(options)
        await client.next('session.created')
        return client
      },
    }

    sessionContract(scene)
    textTurnContract(scene)
    responseContract(scene)
    if (capabilities.openPolicy) {
      conversationContract(scene)
      overrideContract(scene)
      knownClientContract(scene)
      if (capabilities.tools) functionCallContract(scene)
      if (capabilities.mcp) mcpContract(scene)
    }
    if (capabilities.audioIn) {
      audioTurnContract(scene)
      if (capabilities.transcriptionSessions) transcriptionContract(scene)
      if (capabilities.openPolicy) {
        turnTakingContract(scene)
        telephoneContract(scene)
      }
    }
    if (capabilities.validates) {
      errorContract(scene)
      badInputContract(scene)
    }
  })
}
