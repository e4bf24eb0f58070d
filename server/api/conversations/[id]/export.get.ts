import { exportConversation } from '../../../history/export-requests.ts'
import { historyRoute } from '../../../history-route.ts'

export default historyRoute(exportConversation)
