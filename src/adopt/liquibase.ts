import { sql } from '../database/database.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { stemOf } from './file-names.ts'
import type { AdoptionSource, RecordedMigration } from './history.ts'
import { besides, findToolTable } from './tool-table.ts'

interface Row {
  readonly id: string
  readonly author: string
  readonly filename: string
  readonly appliedAt: Date
  readonly exectype: string
  readonly comments: string | null
}

const columns = ['id', 'author', 'filename', 'dateexecuted', 'orderexecuted', 'exectype', 'md5sum']

/**
 * Liquibase (3.0 to 4.x) keeps `databasechangelog`, a row for each change set, and `databasechangeloglock`. Its checksums are
 * of change sets as it has understood them, so they say nothing about a file.
 */
export const liquibaseSource: AdoptionSource = {
  title: 'Liquibase',

  table: (db, base) => findToolTable(db, { name: 'databasechangelog', columns }, base),

  async read(db, table) {
    const lock = await besides(db, table, 'databasechangeloglock')
    const [held] =
      lock === undefined
        ? []
        : await db.query<{ by: string | null }>(sql`select lockedby as by from ${lock.at} where locked`)
    const rows = await db.query<Row>(sql`
      select id, author, filename, dateexecuted::timestamptz as "appliedAt", exectype, comments
      from ${table.at}
      order by orderexecuted, dateexecuted`)
    const failed = rows.find(({ exectype }) => exectype === 'FAILED')
    const busy =
      held !== undefined ? `locked${held.by ? ` by ${held.by}` : ''}` : failed ? `failed at ${nameOf(failed)}` : null
    const busyRemedy =
      held !== undefined
        ? 'Wait until it is done. If nothing is running, run liquibase release-locks.'
        : 'Put right what that change set has left behind, and run liquibase update.'
    // What was skipped has changed nothing, and is asked for again.
    const migrations = rows.filter(({ exectype }) => exectype !== 'SKIPPED').map(recordedOf)
    return { busy, ...(busy !== null && { busyRemedy }), migrations, versions: false }
  },

  filesOf({ name }, files) {
    const [filename = '', id = '', author = ''] = name.split('::')
    const declaring = files.filter((file) => changeSetsOf(file).includes(`${author}:${id}`))
    if (declaring.length > 0) return declaring
    const ofFile = files.filter((file) => file.name === stemOf(filename) && changeSetsOf(file).length === 0)
    return ofFile.length > 0 ? ofFile : files.filter((file) => file.name === id)
  },

  left: changeSetsLeft,
}

function nameOf({ filename, id, author }: Row): string {
  return `${filename}::${id}::${author}`
}

function recordedOf(row: Row): RecordedMigration {
  return { name: nameOf(row), description: row.comments || null, appliedAt: row.appliedAt, actions: null }
}

// The change sets of a file of formatted SQL: --changeset ann:1 …
function changeSetsOf({ source }: MigrationFile): string[] {
  return [...source.matchAll(/^--\s*changeset\s+([^\s:]+:[^\s:]+)/gim)].map(([, key = '']) => key)
}

function changeSetsLeft(file: MigrationFile, recorded: readonly RecordedMigration[]): readonly string[] {
  const done = new Set(
    recorded.map(({ name }) => {
      const [, id = '', author = ''] = name.split('::')
      return `${author}:${id}`
    }),
  )
  return changeSetsOf(file).filter((key) => !done.has(key))
}
