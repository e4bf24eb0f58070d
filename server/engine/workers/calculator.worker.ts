import type { CalculatorOperations } from '../calculation.ts'
import { serveWorker } from './worker-side.ts'

await serveWorker<CalculatorOperations>(async () => {
  const { calculate } = await import('../calculation.ts')
  return { evaluate: expression => calculate(expression) }
})
