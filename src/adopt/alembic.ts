import { sql } from '../database/database.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { headerOf } from './file-names.ts'
import type { AdoptionSource, RecordedMigration } from './history.ts'
import { findToolTable } from './tool-table.ts'

/** Alembic (0.6 to 1.x) keeps only where the database is: `alembic_version (version_num)`, a row for each head. */
export const alembicSource: AdoptionSource = {
  title: 'Alembic',

  table: (db, base) => findToolTable(db, { name: 'alembic_version', columns: ['version_num'] }, base),

  async read(db, { at }) {
    const heads = await db.query<{ name: string }>(sql`select version_num as name from ${at} order by version_num`)
    const migrations = heads.map(({ name }) => ({
      name,
      description: null,
      appliedAt: null,
      actions: null,
      reaches: true,
    }))
    return { busy: null, migrations, versions: false }
  },

  filesOf: filesOfRevision,
}

// What a revision follows is in its header, or in what alembic upgrade --sql prints; where no file says it, it follows all before it.
function filesOfRevision({ name }: RecordedMigration, files: readonly MigrationFile[]): readonly MigrationFile[] {
  const place = files.findIndex((file) => isRevision(file, name))
  const head = files[place]
  if (head === undefined) return []
  if (!files.some((file) => parentsOf(file).length > 0)) return files.slice(0, place + 1)
  const reached = new Set([head])
  for (const file of reached) {
    for (const parent of parentsOf(file)) {
      for (const one of files) if (isRevision(one, parent)) reached.add(one)
    }
  }
  return files.filter((file) => reached.has(file))
}

function isRevision(file: MigrationFile, revision: string): boolean {
  const said = headerOf(file, 'revision(?: id)?')
  if (said !== undefined) return said === revision
  if (ranTo(file).includes(revision)) return true
  return file.name.split(/[^A-Za-z0-9]+/).includes(revision) || file.name === revision
}

// As `alembic upgrade --sql` heads each revision: -- Running upgrade 1975ea83b712 -> ae1027a6acf
const running = /^-- Running upgrade ([\w, ]*?) ?-> (\w+)/gm

function ranTo({ source }: MigrationFile): string[] {
  return [...source.matchAll(running)].map(([, , to = '']) => to)
}

function parentsOf(file: MigrationFile): string[] {
  const said = headerOf(file, '(?:revises|down_revision)')
  if (said !== undefined) return said.split(/[\s,]+/).filter((parent) => parent !== '' && parent !== 'None')
  return [...file.source.matchAll(running)].flatMap(([, from = '']) => from.split(/[\s,]+/).filter(Boolean))
}
