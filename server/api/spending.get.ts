import { historyRoute } from '../history-route.ts'
import { ownSpending } from '../spending/spending-requests.ts'

export default historyRoute(ownSpending)
