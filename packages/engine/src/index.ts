export * from './stages.ts'
export * from './engine.ts'
export { createOfflineResponder } from './adapters/offline-responder/offline-responder.ts'
export type { OfflineResponderOptions } from './adapters/offline-responder/offline-responder.ts'
