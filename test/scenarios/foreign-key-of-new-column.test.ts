import { expect, test } from 'vitest'
import { freshPostgresUrl } from '../harness/engines.ts'
import { actions, world } from './world.ts'

test('a column that is added to a table in use can refer to a key that is no text, in the same batch', async () => {
  const it = await world(
    { name: 'postgres', freshUrl: () => freshPostgresUrl(18) },
    {
      schema: 'create table kinds (id uuid primary key default gen_random_uuid(), name text not null)',
      rows: "insert into kinds (name) values ('thing')",
      files: {
        '2_parents.json': actions(
          { type: 'add_column', table: 'kinds', column: { name: 'parent_id', type: 'UUID' } },
          {
            type: 'add_foreign_key',
            table: 'kinds',
            foreign_key: { columns: ['parent_id'], referenced_table: 'kinds', referenced_columns: ['id'] },
          },
        ),
      },
    },
  )
  await it.start({ complete: true })
  await expect(it.base("insert into kinds (name, parent_id) values ('lost', gen_random_uuid())")).rejects.toThrow(
    'kinds_parent_id_fkey',
  )
  await it.base("insert into kinds (name, parent_id) select 'part', id from kinds")
})
