import { expect } from 'vitest'
import type { Dialect } from '../../src/database/sql.ts'
import type { MetastoreError } from '../../src/errors.ts'
import { parseSqlMigration } from '../../src/migrations/formats/sql.ts'
import type { Migration, MigrationFile, SqlPart } from '../../src/migrations/migration.ts'

/** A migration file of that text. */
export function fileOf(source: string, down?: string): MigrationFile {
  return {
    name: '001_a',
    version: '1',
    path: 'migrations/001_a.sql',
    absolutePath: '/project/migrations/001_a.sql',
    format: 'sql',
    source,
    down: down === undefined ? undefined : { path: 'migrations/001_a.down.sql', source: down },
    checksum: '0',
  }
}

/** Understands a text as a migration. */
export function parse(source: string, dialect: Dialect = 'postgres', down?: string): Promise<Migration> {
  return parseSqlMigration(fileOf(source, down), dialect)
}

/** The error that a text is refused with. */
export async function refusal(source: string, dialect: Dialect = 'postgres', down?: string): Promise<MetastoreError> {
  return parse(source, dialect, down).then(
    () => expect.unreachable(`${JSON.stringify(source)} was accepted`),
    (error: MetastoreError) => error,
  )
}

/** A part as the SQL that it is. */
export function sqlOf(part: Migration['down']): SqlPart | undefined {
  if (part !== undefined && part.kind !== 'sql') throw new Error('The part is no SQL.')
  return part
}

/** The SQL of a part, without blanks around it. */
export function textOf(part: Migration['down']): string | undefined {
  return sqlOf(part)?.text.trim()
}
