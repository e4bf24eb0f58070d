import type { EngineSettings } from '../config/settings.ts'
import type { McpReach } from '../engine/mcp-reach.ts'
import type { Log } from '../log.ts'
import type { LocalEngine } from '../brains/local-brain.ts'
import { inCheckout } from '../checkout.ts'
import { serverClock } from './clock.ts'
import { createChatResponder } from '../engine/chat-responder.ts'

const MODELS = 'server/engine/models'
/** Two recognisers at a tenth to a third of real time keep up with about eight who speak at once; with this many waiting they don't. */
const MAX_WAITING_TURNS = 4

export interface NodeEngineOptions {
  ids: (prefix: string) => string
  log: Log
  /** Which MCP servers may be called. @default 'public' */
  mcpReach?: McpReach
}

/** The embedded engine on Node's stages. All of it is loaded here and only here: with a key nobody pays for it. */
export async function startNodeEngine(settings: EngineSettings, { ids, log, mcpReach = 'public' }: NodeEngineOptions): Promise<LocalEngine> {
  const [engineParts, { createNodeStages }, { createCalculator }, { createMcpConnector }, { workerUrls }, { calculatorWorkerUrl }] = await Promise.all([
    import('@kaiwa/engine'),
    import('../engine/stages.ts'),
    import('../engine/calculator.ts'),
    import('../engine/mcp-client.ts'),
    import('../engine/worker-files.ts'),
    import('../engine/calculator-file.ts'),
  ])
  const { createEngine, createOfflineResponder } = engineParts
  const { llm, ...chosen } = settings
  const calculator = createCalculator({ workerUrl: new URL(calculatorWorkerUrl) })
  // No offline answer in place of the model's: who set a model wants to know when it can't be reached.
  const responder = llm
    ? createChatResponder({ ...llm, url: llm.url.href })
    : createOfflineResponder({
        now: () => new Date(),
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        random: Math.random,
        evaluate: calculator.evaluate,
      })
  const { stages, report, close } = await createNodeStages({ ...chosen, assetsDir: inCheckout(MODELS), responder, workerUrls })
  log.info({ stage: 'responder' }, llm ? `Answers come from the language model ${llm.model} at ${llm.url.origin}.` : 'Answers come from the offline responder.')
  const waitingTurns = () => stages.transcriber?.waitingTurns ?? 0
  for (const stage of ['vad', 'stt', 'tts'] as const) log[report[stage].able ? 'info' : 'warn']({ stage }, report[stage].sentence)
  return {
    engine: createEngine({
      stages,
      mcp: createMcpConnector({ reach: mcpReach }),
      // Sessions tell their expiry in wall-clock time.
      clock: { ...serverClock, nowMs: Date.now },
      ids,
      onStageFault: fault => log.error({ stage: fault.stage }, fault.message),
      onBug: cause => log.error({ err: cause }, 'the engine failed'),
    }),
    hearing: report.stt.able ? { able: true, by: report.stt.by } : { able: false, why: report.stt.why },
    atCapacity: () => waitingTurns() >= MAX_WAITING_TURNS,
    waitingTurns,
    close: async () => { await Promise.all([close(), calculator.close()]) },
  }
}
