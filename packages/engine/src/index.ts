export * from './stages.ts'
export * from './engine.ts'
