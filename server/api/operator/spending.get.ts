import { historyRoute } from '../../history-route.ts'
import { everyonesSpending } from '../../spending/spending-requests.ts'

export default historyRoute(everyonesSpending)
