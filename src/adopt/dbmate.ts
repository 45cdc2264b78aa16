import { sql } from '../database/database.ts'
import { filesOfNumber } from './file-names.ts'
import type { AdoptionSource } from './history.ts'
import { besides, findToolTable } from './tool-table.ts'

/** dbmate (1 and 2) keeps `schema_migrations (version)`: the leading digits of each file, no time and no checksum. */
export const dbmateSource: AdoptionSource = {
  title: 'dbmate',

  async table(db, base) {
    const table = await findToolTable(db, { name: 'schema_migrations', columns: ['version'] }, base)
    // Others call their table the same: they have more columns, or another table beside it.
    if (table === undefined || table.columns.size > 1) return undefined
    return (await besides(db, table, 'ar_internal_metadata')) === undefined ? table : undefined
  },

  async read(db, { at }) {
    const rows = await db.query<{ name: string }>(sql`select version as name from ${at} order by version`)
    const migrations = rows.map(({ name }) => ({ name, description: null, appliedAt: null, actions: null }))
    return { busy: null, migrations, versions: false }
  },

  filesOf: ({ name }, files) => filesOfNumber(name, files),
}
