import { deleteConversation, deleteItem, listConversations, listEvents, renameConversation, showConversation } from '../../server/history/conversation-requests.ts'
import { exportConversation } from '../../server/history/export-requests.ts'
import type { AnswerHistory } from '../../server/history/history-answer.ts'
import { deleteEverything, exportEverything } from '../../server/history/person-requests.ts'
import { answerVoices } from '../../server/history/voice-requests.ts'
import { answerLatency } from '../../server/latency/latency-request.ts'
import { everyonesSpending, everyonesSpendingCsv, ownSpending } from '../../server/spending/spending-requests.ts'

/** Every address of what is kept, as the files under `server/api` give it; for servers without Nitro. */
export const historyRoutes: Readonly<Record<string, AnswerHistory>> = {
  'GET /api/conversations': listConversations,
  'GET /api/conversations/{id}': showConversation,
  'PATCH /api/conversations/{id}': renameConversation,
  'DELETE /api/conversations/{id}': deleteConversation,
  'DELETE /api/conversations/{id}/items/{item}': deleteItem,
  'GET /api/conversations/{id}/events': listEvents,
  'GET /api/conversations/{id}/audio': answerVoices,
  'GET /api/conversations/{id}/export': exportConversation,
  'GET /api/me/export': exportEverything,
  'DELETE /api/me/data': deleteEverything,
}

const figureRoutes: Readonly<Record<string, AnswerHistory>> = {
  'GET /api/latency': answerLatency,
  'GET /api/spending': ownSpending,
  'GET /api/operator/spending': everyonesSpending,
  'GET /api/operator/spending.csv': everyonesSpendingCsv,
}

/** Whose request it is, and what stands in its path; undefined: none of these. */
export function historyRouteOf(method: string, url: string): { answer: AnswerHistory, params: Record<string, string> } | undefined {
  const parts = url.split('?')[0]!.split('/')
  for (const [route, answer] of Object.entries({ ...historyRoutes, ...figureRoutes })) {
    const [of, path = ''] = route.split(' ')
    const pattern = path.split('/')
    if (of !== method || pattern.length !== parts.length) continue
    const params: Record<string, string> = {}
    const matches = pattern.every((piece, at) => {
      const name = /^\{(\w+)\}$/.exec(piece)?.[1]
      if (name !== undefined) params[name] = parts[at]!
      return name !== undefined || piece === parts[at]
    })
    if (matches) return { answer, params }
  }
  return undefined
}
