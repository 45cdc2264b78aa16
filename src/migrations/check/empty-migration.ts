import { scanSql } from '../sql/scanner.ts'
import type { Check } from './check-input.ts'

/** Migrations that do nothing. */
export const emptyMigration: Check = {
  code: 'empty_migration',
  severity: 'P2',
  summary: 'A migration without a statement is usually one that was not finished.',

  check: ({ migrations, dialect }) =>
    migrations
      .filter(({ up }) => up.kind === 'sql' && scanSql(up.text, dialect).statements.length === 0)
      .map(({ file, name }) => ({
        file: file.path,
        object: name,
        message: 'The migration has no statement.',
        remedy: 'Write its SQL, or remove the file.',
      })),
}
