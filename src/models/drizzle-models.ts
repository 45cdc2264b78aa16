import type { ScriptFile } from '../migrations/load-script.ts'
import { loadModels } from './drizzle/load.ts'
import type { Casing } from './drizzle/sql-text.ts'
import { modelStatements, type ModelSchema } from './drizzle/statements.ts'

/**
 * Reads files of Drizzle models, as SQL for an empty database. Throws `models_invalid`, `drizzle_missing`; what PostgreSQL does
 * not accept shows when the SQL runs.
 */
export async function readModels(
  files: readonly [ScriptFile, ...ScriptFile[]],
  options: { readonly base: string; readonly casing: Casing },
): Promise<ModelSchema> {
  return modelStatements(await loadModels(files), options)
}
