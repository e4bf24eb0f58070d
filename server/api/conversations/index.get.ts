import { listConversations } from '../../history/conversation-requests.ts'
import { historyRoute } from '../../history-route.ts'

export default historyRoute(listConversations)
