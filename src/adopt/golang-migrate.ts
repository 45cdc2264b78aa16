import { sql } from '../database/database.ts'
import { filesOfNumber } from './file-names.ts'
import type { AdoptionSource } from './history.ts'
import { findToolTable } from './tool-table.ts'

/** golang-migrate (4) keeps only where the database is: one row of `schema_migrations (version, dirty)`. */
export const golangMigrateSource: AdoptionSource = {
  title: 'golang-migrate',

  table: (db, base) => findToolTable(db, { name: 'schema_migrations', columns: ['version', 'dirty'] }, base),

  async read(db, { at }) {
    const rows = await db.query<{ name: string; dirty: boolean }>(sql`
      select version::text as name, dirty from ${at} where version >= 0`)
    const dirty = rows.find((row) => row.dirty)
    const migrations = rows.map(({ name }) => ({
      name,
      description: null,
      appliedAt: null,
      actions: null,
      reaches: true,
    }))
    if (dirty === undefined) return { busy: null, migrations, versions: false }
    const busyRemedy = 'Put right what that migration has left behind, and run migrate force VERSION.'
    return { busy: `dirty at ${dirty.name}`, busyRemedy, migrations, versions: false }
  },

  filesOf({ name }, files) {
    const [file] = filesOfNumber(name, files)
    return file === undefined ? [] : files.slice(0, files.indexOf(file) + 1)
  },
}
