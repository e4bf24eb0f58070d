import type { Database } from './database.ts'
import { storableText, summaryText, titleText } from './storable.ts'
import { writeSearch } from './write.ts'

/** Of two that rename at once, one comes second and is told so. An empty title takes the person's away. */
export async function renameConversation(database: Database, owner: string, id: string, given: string, version: number): Promise<'done' | 'stale' | 'missing'> {
  const title = titleText(given)
  return database.db.transaction().execute(async transaction => {
    const renamed = await transaction.updateTable('conversations').where('id', '=', id).where('owner', '=', owner).where('version', '=', version)
      .set(eb => ({ title, title_by: title === null ? null : 'person', version: eb('version', '+', 1) })).returning('id').executeTakeFirst()
    if (renamed) {
      await writeSearch(database.search, transaction, [{ conversationId: renamed.id, itemId: '', text: title ?? '' }])
      return 'done'
    }
    const there = await transaction.selectFrom('conversations').select('id').where('id', '=', id).where('owner', '=', owner).executeTakeFirst()
    return there ? 'stale' : 'missing'
  })
}

export async function entitleConversation(database: Database, id: string, given: { by: 'words' | 'model', title: string, summary: string | null }): Promise<void> {
  const title = titleText(given.title)
  const summary = summaryText(given.summary)
  await database.db.transaction().execute(async transaction => {
    const kept = await transaction.updateTable('conversations').where('id', '=', storableText(id))
      .set(eb => ({
        summary,
        title: eb.case().when('title_by', '=', 'person').then(eb.ref('title')).else(title).end(),
        title_by: eb.case().when('title_by', '=', 'person').then(eb.val('person' as const)).else(title === null ? null : given.by).end(),
      })).returning(['id', 'title']).executeTakeFirst()
    if (kept) await writeSearch(database.search, transaction, [{ conversationId: kept.id, itemId: '', text: kept.title ?? '' }])
  })
}
