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

/** The default export of a seed in code, and the files that it imports, by their absolute paths. Throws `seed_invalid`. */
export async function loadDefaultExport(
  file: ScriptFile,
): Promise<{ readonly exported: unknown; readonly imports: readonly string[] }> {
  const { loadScriptFiles } = await import('./load-script.ts')
  const { exports, files } = await loadScriptFiles(file, { code: 'seed_invalid', subject: 'The seed script' })
  return { exported: exports['default'], imports: files.filter((one) => one !== file.absolutePath) }
}
