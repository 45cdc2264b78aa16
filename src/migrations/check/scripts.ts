import type { Dialect } from '../../database/sql.ts'
import type { ActionsPart, MigrationFile } from '../migration.ts'
import { readSections } from '../formats/section.ts'
import type { Parser } from '../sql/parser.ts'
import { parseStatements } from '../sql/split.ts'
import type { Script } from './seen-statement.ts'
import type { SqlPartText } from './sql-parts.ts'

/** The up part of an SQL file, as a script. */
export function scriptOf({ place, text, transaction, statements }: SqlPartText, parser: Parser): Script {
  const { path = '', source, offset: start } = place
  return { path, source, text, start, transaction, statements, parser, verbatim: true, editable: true }
}

/** The scripts that the `custom` actions of a migration run, in the order in which they run. */
export async function scriptsOfActions({ path }: MigrationFile, part: ActionsPart, parser: Parser): Promise<Script[]> {
  const scripts: Script[] = []
  for (const key of ['start', 'complete'] as const) {
    for (const [index, action] of part.actions.entries()) {
      const text = action.type === 'custom' ? action[key] : undefined
      if (text === undefined) continue
      const dialect: Dialect = 'postgres'
      const { up } = readSections(text, dialect, path)
      const whole = { path, source: part.source, offset: 0 }
      const { statements } = await parseStatements(text, dialect, whole)
      const value = part.locate(['actions', index, key])
      // Without escapes the text stands in the file as it is, behind its quotes.
      const found = part.source.indexOf(text, value)
      const verbatim = found !== -1 && found - value <= 4
      const start = verbatim ? found : value
      const { transaction } = up
      scripts.push({
        path,
        source: part.source,
        text,
        start,
        transaction,
        statements,
        parser,
        verbatim,
        editable: false,
      })
    }
  }
  return scripts
}
