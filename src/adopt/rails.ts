import { sql } from '../database/database.ts'
import { filesOfNumber } from './file-names.ts'
import type { AdoptionSource } from './history.ts'
import { besides, findToolTable } from './tool-table.ts'

/** Rails (5 to 8) keeps `schema_migrations (version)` beside `ar_internal_metadata`: no time and no checksum. */
export const railsSource: AdoptionSource = {
  title: 'Rails',

  async table(db, base) {
    const table = await findToolTable(db, { name: 'schema_migrations', columns: ['version'] }, base)
    if (table === undefined || table.columns.size > 1) return undefined
    return (await besides(db, table, 'ar_internal_metadata')) === undefined ? undefined : table
  },

  async read(db, { at }) {
    const rows = await db.query<{ name: string }>(sql`select version as name from ${at} order by version`)
    const migrations = rows.map(({ name }) => ({ name, description: null, appliedAt: null, actions: null }))
    return { busy: null, migrations, versions: false }
  },

  filesOf: ({ name }, files) => filesOfNumber(name, files),
}
