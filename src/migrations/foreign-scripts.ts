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

/** The default export of a seed in code. Throws `seed_invalid`. */
export async function loadDefaultExport(file: ScriptFile): Promise<unknown> {
  const { loadScript } = await import('./load-script.ts')
  return (await loadScript(file, { code: 'seed_invalid', subject: 'The seed script' }))['default']
}
