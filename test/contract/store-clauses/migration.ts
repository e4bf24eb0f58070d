import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { aConversation } from '../store-entries.ts'
import type { StoreScene } from '../describe-store.ts'

export function migrationContract(scene: StoreScene): void {
  describe('its tables', () => {
    it('are made once when five nodes start together', async () => {
      const nodes = [scene.store, ...Array.from({ length: 4 }, () => scene.another())]
      await Promise.all(nodes.map(node => node.ready()))
      await nodes[3]!.write(aConversation('conv_1', 'ann', ['Hello']))
      expect((await nodes[4]!.list('ann', { limit: 10 })).entries).toHaveLength(1)
    })

    it('stay, with what is in them, over a restart', async () => {
      await scene.store.write(aConversation('conv_1', 'ann', ['Hello']))
      const before = await scene.store.get('ann', 'conv_1')
      await scene.store.close()
      expect(await scene.another().get('ann', 'conv_1')).toEqual(before)
    })

    it('of a newer version are left alone, and that is said', async () => {
      await scene.store.ready()
      const { db, schemaName } = scene.database()
      await sql`insert into ${sql.table(schemaName === undefined ? 'migrations' : `${schemaName}.migrations`)} (name, timestamp) values ('0099-telepathy', '2030-01-01T00:00:00.000Z')`.execute(db)
      const late = scene.another()
      await expect(late.ready()).rejects.toMatchObject({ name: 'StoreError', code: 'newer_version', message: expect.stringContaining('0099-telepathy') as string })
      await expect(late.write(aConversation('conv_1', 'ann', ['Hello']))).rejects.toMatchObject({ code: 'newer_version' })
    })

    it('a closed store says so, and closes once', async () => {
      await scene.store.ready()
      await Promise.all([scene.store.close(), scene.store.close()])
      await expect(scene.store.get('ann', 'conv_1')).rejects.toMatchObject({ code: 'gone' })
    })

    it('too much at once is refused, and the rest is done', async () => {
      await scene.store.ready()
      const outcomes = await Promise.allSettled(Array.from({ length: 400 }, () => scene.store.get('ann', 'conv_1')))
      const refused = outcomes.filter(outcome => outcome.status === 'rejected').map(outcome => (outcome.reason as { code: string }).code)
      expect(new Set(refused)).toEqual(new Set(['busy']))
      expect(refused).toHaveLength(400 - 256)
    })
  })
}
