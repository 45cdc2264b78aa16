import type { Dialect } from '../../database/sql.ts'
import type { Part } from '../migration.ts'
import { scanSql } from '../sql/scanner.ts'
import type { Check } from './check-input.ts'

/** Migrations that do nothing. */
export const emptyMigration: Check = {
  code: 'empty_migration',
  severity: 'P2',
  summary: 'A migration without a statement or an action is usually one that was not finished.',

  check: ({ migrations, dialect }) =>
    migrations.flatMap(({ file, name, up }) => {
      const missing = missingIn(up, dialect)
      if (missing === undefined) return []
      return [{ file: file.path, object: name, message: `The migration has no ${missing}.`, remedy: remedies[missing] }]
    }),
}

const remedies = {
  statement: 'Write its SQL, or remove the file.',
  action: 'Write its actions, or remove the file.',
} as const

function missingIn(part: Part, dialect: Dialect): keyof typeof remedies | undefined {
  if (part.kind === 'sql') return scanSql(part.text, dialect).statements.length === 0 ? 'statement' : undefined
  return part.kind === 'actions' && part.actions.length === 0 ? 'action' : undefined
}
