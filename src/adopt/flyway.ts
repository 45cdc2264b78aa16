import { sql } from '../database/database.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { crc32 } from './crc32.ts'
import { stemOf } from './file-names.ts'
import type { AdoptionSource, RecordedHistory, RecordedMigration } from './history.ts'
import { findToolTable } from './tool-table.ts'

interface Row {
  readonly version: string | null
  readonly description: string
  readonly type: string
  readonly script: string
  readonly checksum: number | null
  readonly appliedAt: Date
  readonly success: boolean
}

const columns = ['installed_rank', 'version', 'description', 'type', 'script', 'checksum', 'installed_on', 'success']

/** Flyway (5 to 11) keeps `flyway_schema_history`; before that it was `schema_version`. */
export const flywaySource: AdoptionSource = {
  title: 'Flyway',

  table: async (db, base) =>
    (await findToolTable(db, { name: 'flyway_schema_history', columns }, base)) ??
    findToolTable(db, { name: 'schema_version', columns }, base),

  async read(db, { at }) {
    const rows = await db.query<Row>(sql`
      select version, description, type, script, checksum, installed_on::timestamptz as "appliedAt", success
      from ${at}
      order by installed_rank`)
    return historyOf(rows)
  },

  filesOf({ name, reaches }, files) {
    if (reaches) return files.filter((file) => isUpTo(versionOf(file.name), name))
    const same = files.filter((file) => stemOf(name) === file.name)
    if (same.length > 0) return same
    const version = versionOf(name)
    return version === undefined ? [] : files.filter((file) => compareVersions(versionOf(file.name), version) === 0)
  },

  isSame(file, { checksum }) {
    // The text of a repeatable migration is hashed after its placeholders are filled in.
    if (checksum === null || checksum === undefined || file.format !== 'sql' || /^R__/.test(file.name)) return null
    return checksumOf(file) === Number(checksum)
  },
}

function historyOf(rows: readonly Row[]): RecordedHistory {
  const failed = rows.find(({ success }) => !success)
  if (failed !== undefined) {
    return {
      busy: `failed at ${failed.script}`,
      busyRemedy:
        'Put right what that migration has left behind, and run flyway repair, or take its row out of the table.',
      migrations: [],
      versions: false,
    }
  }
  const migrations: RecordedMigration[] = []
  for (const { version, description, type, script, checksum, appliedAt } of rows) {
    // The schemas that Flyway made itself, and rows that say that a file was taken away.
    if (type === 'SCHEMA' || type === 'DELETE') continue
    const same = migrations.findIndex((one) =>
      version === null ? one.name === script : one.checksum !== undefined && versionOf(one.name) === version,
    )
    if (type.startsWith('UNDO')) {
      if (same !== -1) migrations.splice(same, 1)
      continue
    }
    const reaches = type === 'BASELINE' || type === 'SQL_BASELINE'
    // A repeatable migration is there once for each time that it ran.
    if (version === null && same !== -1) migrations.splice(same, 1)
    migrations.push({
      name: reaches && version !== null ? version : script,
      description,
      appliedAt,
      actions: null,
      checksum: checksum === null ? null : String(checksum),
      ...(reaches && { reaches }),
    })
  }
  return { busy: null, migrations, versions: false }
}

// `V1_2__runs`, `V1.2__runs.sql` and `1.2` are version 1.2, and a file `0002_runs` is version 2.
function versionOf(name: string): string | undefined {
  const stem = stemOf(name)
  const version = /^[VBU]?(\d+(?:[._]\d+)*)(?:__|$)/i.exec(stem)?.[1] ?? /^(\d+)[_.-]/.exec(stem)?.[1]
  return version?.replaceAll('_', '.')
}

function isUpTo(version: string | undefined, baseline: string): boolean {
  return version !== undefined && compareVersions(version, versionOf(baseline)) <= 0
}

function compareVersions(left = '', right = ''): number {
  if (left === '' || right === '') return left === right ? 0 : left === '' ? -1 : 1
  const [a, b] = [left.split('.').map(BigInt), right.split('.').map(BigInt)]
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [one, other] = [a[index] ?? 0n, b[index] ?? 0n]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

// Over the lines without their ends, as a signed number of 32 bits.
function checksumOf({ source }: MigrationFile): number {
  const lines = source.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  return crc32(Buffer.from(lines.join(''), 'utf8')) | 0
}
