import { deleteEverything } from '../../history/person-requests.ts'
import { historyRoute } from '../../history-route.ts'

export default historyRoute(deleteEverything)
