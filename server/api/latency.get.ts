import { historyRoute } from '../history-route.ts'
import { answerLatency } from '../latency/latency-request.ts'

export default historyRoute(answerLatency)
