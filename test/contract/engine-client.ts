import type { Engine, OpenOptions } from '@kaiwa/engine'
import { createInbox } from './contract-client.ts'
import type { ContractClient } from './contract-client.ts'

/** A client of an engine in this process: no socket between. */
export function connectEngine(engine: Engine, { model = 'kaiwa-local', ...options }: Partial<OpenOptions> = {}): ContractClient {
  const inbox = createInbox()
  const session = engine.openSession({ send: text => inbox.push(text), close: (code, reason) => inbox.end(code, reason) }, { model, ...options })
  return {
    ...inbox.client,
    send: event => session.receive(typeof event === 'string' ? event : JSON.stringify(event)),
    sendBinary: () => session.receiveBinary(),
    close() {
      session.close()
      inbox.end(1000, '')
    },
  }
}
