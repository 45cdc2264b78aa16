import { createHash } from 'node:crypto'
import { sql } from '../database/database.ts'
import { filesOfName } from './file-names.ts'
import type { AdoptionSource } from './history.ts'
import { findToolTable } from './tool-table.ts'

interface Row {
  readonly name: string
  readonly checksum: string
  readonly finishedAt: Date | null
}

const columns = ['migration_name', 'checksum', 'started_at', 'finished_at', 'rolled_back_at']

/** Prisma Migrate (2 to 6) keeps `_prisma_migrations`, a row for each attempt, with the SHA-256 of migration.sql. */
export const prismaSource: AdoptionSource = {
  title: 'Prisma',

  table: (db, base) => findToolTable(db, { name: '_prisma_migrations', columns }, base),

  async read(db, { at }) {
    // An attempt that was rolled back has left nothing behind, or somebody has said so.
    const rows = await db.query<Row>(sql`
      select migration_name as name, checksum, finished_at::timestamptz as "finishedAt"
      from ${at}
      where rolled_back_at is null
      order by finished_at, started_at`)
    const failed = rows.find(({ finishedAt }) => finishedAt === null)
    const migrations = rows.map(({ name, checksum, finishedAt }) => ({
      name,
      description: null,
      appliedAt: finishedAt,
      actions: null,
      checksum,
    }))
    if (failed === undefined) return { busy: null, migrations, versions: false }
    const busyRemedy = `Wait until it is done. If nothing is running, put right what it has left behind and run prisma migrate resolve --rolled-back ${failed.name}, or --applied ${failed.name}.`
    return { busy: `unfinished at ${failed.name}`, busyRemedy, migrations, versions: false }
  },

  filesOf: ({ name }, files) => filesOfName(name, files),

  isSame(file, { checksum }) {
    if (file.format !== 'sql' || !checksum) return null
    return texts(file.source).some((text) => createHash('sha256').update(text).digest('hex') === checksum)
  },
}

// The line ends may have changed on the way through a repository.
function texts(source: string): string[] {
  const plain = source.replaceAll('\r\n', '\n')
  return [source, plain, plain.replaceAll('\n', '\r\n')]
}
