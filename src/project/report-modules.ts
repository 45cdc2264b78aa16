import type { TomlPath } from '../toml/toml-positions.ts'
import { problemAt } from './configuration-file.ts'
import type { Reading } from './declared-value.ts'
import { isTable } from './values.ts'

/** A part of a database that `metastore report` writes a document of. */
export interface ReportModule {
  readonly name: string
  /** Each as `table` or `schema.table`. */
  readonly tables: readonly string[]
}

/** The modules of a database: `[[database.X.report]]` with a name and tables. */
export function readReportModules(reading: Reading, path: TomlPath, value: unknown): ReportModule[] {
  if (value === undefined) return []
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value]
  return entries.flatMap((entry) => {
    if (isModule(entry)) return [{ name: entry.name, tables: entry.tables }]
    const message = 'Each report has a name and a list of tables, and nothing else.'
    const remedy = `Write [[${path.join('.')}]], name = "knowledge base", tables = ["documents"].`
    reading.problems.push(problemAt(reading.file, path, { message, remedy }, 'key'))
    return []
  })
}

function isModule(entry: unknown): entry is { name: string; tables: string[] } {
  if (!isTable(entry) || Object.keys(entry).some((key) => key !== 'name' && key !== 'tables')) return false
  const { name, tables } = entry
  const isText = (text: unknown) => typeof text === 'string' && text.trim() !== ''
  return isText(name) && Array.isArray(tables) && tables.length > 0 && tables.every(isText)
}
