import type { Dialect } from '../database/database.ts'
import type { ScriptFile } from './formats/script-bundle.ts'
import { wholeFile } from './problems.ts'

/** The statements of an SQL script that is no migration, each with where it begins. Throws `sql_syntax`. */
export async function splitScript(
  text: string,
  dialect: Dialect,
  path: string,
): Promise<{ readonly text: string; readonly offset: number }[]> {
  const { splitStatements } = await import('./sql/split.ts')
  return splitStatements(text, dialect, wholeFile(text, path))
}

/** The default export of a script that is no migration. Throws `migration_invalid`, `script_failed`. */
export async function loadDefaultExport(file: ScriptFile): Promise<unknown> {
  const { loadScriptModule } = await import('./formats/script.ts')
  return (await loadScriptModule(file))['default']
}
