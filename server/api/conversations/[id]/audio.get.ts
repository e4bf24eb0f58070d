import { answerVoices } from '../../../history/voice-requests.ts'
import { historyRoute } from '../../../history-route.ts'

export default historyRoute(answerVoices)
