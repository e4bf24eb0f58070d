/** Address of the calculator's worker in the built server. Only the server's bundle may import this file: plain Node can't read `?node-worker`. */
import calculatorUrl from './workers/calculator.worker.ts?node-worker'

export const calculatorWorkerUrl: string = calculatorUrl
