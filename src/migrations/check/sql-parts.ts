import type { Dialect } from '../../database/sql.ts'
import type { MetastoreError } from '../../errors.ts'
import { readSections } from '../formats/section.ts'
import type { MigrationFile } from '../migration.ts'
import type { Place } from '../problems.ts'
import { parseStatements, type Statement } from '../sql/split.ts'

/** One direction of a migration in SQL, whether the rest of its file can be understood or not. */
export interface SqlPartText {
  readonly file: MigrationFile
  readonly place: Place
  readonly direction: 'up' | 'down'
  readonly transaction: boolean
  /** The text of it alone. */
  readonly text: string
  readonly statements: readonly Statement[]
  readonly problems: readonly MetastoreError[]
}

/** Splits every direction that is written in SQL into its statements. */
export async function sqlPartsOf(files: readonly MigrationFile[], dialect: Dialect): Promise<SqlPartText[]> {
  const parts: SqlPartText[] = []
  for (const file of files) {
    if (file.format !== 'sql') continue
    for (const { path, source } of file.down === undefined ? [file] : [file, file.down]) {
      const { up, down } = readSections(source, dialect, path)
      for (const section of down === undefined ? [up] : [up, down]) {
        const { start, end, transaction } = section
        const direction = section === down || path !== file.path ? 'down' : 'up'
        const place = { path, source, offset: start }
        const text = source.slice(start, end)
        parts.push({ file, place, direction, transaction, text, ...(await parseStatements(text, dialect, place)) })
      }
    }
  }
  return parts
}
