import { historyRoute } from '../../history-route.ts'
import { everyonesSpendingCsv } from '../../spending/spending-requests.ts'

export default historyRoute(everyonesSpendingCsv)
