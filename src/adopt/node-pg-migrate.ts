import { sql } from '../database/database.ts'
import { filesOfName } from './file-names.ts'
import type { AdoptionSource } from './history.ts'
import { findToolTable } from './tool-table.ts'

/** node-pg-migrate (2 to 8) keeps `pgmigrations`, with the names of files and when they were run. It keeps no checksum. */
export const nodePgMigrateSource: AdoptionSource = {
  title: 'node-pg-migrate',

  table: (db, base) => findToolTable(db, { name: 'pgmigrations', columns: ['id', 'name', 'run_on'] }, base),

  async read(db, { at }) {
    const migrations = await db.query<{ name: string; appliedAt: Date }>(sql`
      select name, run_on::timestamptz as "appliedAt" from ${at} order by run_on, id`)
    return {
      busy: null,
      migrations: migrations.map((one) => ({ ...one, description: null, actions: null })),
      versions: false,
    }
  },

  filesOf: ({ name }, files) => filesOfName(name, files),
}
