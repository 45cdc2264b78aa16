import { sql } from '../database/database.ts'
import { filesOfName, stemOf } from './file-names.ts'
import type { AdoptionSource } from './history.ts'
import { besides, findToolTable } from './tool-table.ts'

/** knex (0.8 to 3) keeps `knex_migrations`, with the names of files, and `knex_migrations_lock`. It keeps no checksum. */
export const knexSource: AdoptionSource = {
  title: 'knex',

  table: (db, base) =>
    findToolTable(db, { name: 'knex_migrations', columns: ['name', 'batch', 'migration_time'] }, base),

  async read(db, table) {
    const lock = await besides(db, table, 'knex_migrations_lock')
    const [held] = lock === undefined ? [] : await db.query(sql`select 1 as held from ${lock.at} where is_locked <> 0`)
    const migrations = await db.query<{ name: string; appliedAt: Date | null }>(sql`
      select name, migration_time::timestamptz as "appliedAt" from ${table.at} order by id`)
    return {
      busy: held === undefined ? null : 'locked',
      busyRemedy: 'Wait until it is done. If nothing is running, run knex migrate:unlock.',
      migrations: migrations.map((one) => ({ ...one, description: null, actions: null })),
      versions: false,
    }
  },

  filesOf: ({ name }, files) => filesOfName(stemOf(name), files),
}
