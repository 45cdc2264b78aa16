import { MetastoreError } from '../errors.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import type { ShadowDatabase } from './shadow-database.ts'

/**
 * Applies one more file. A role that it names need not exist on a throw-away database: one that may do nothing is made, where
 * the server is nobody else's and no other file makes it. Throws what the file fails for.
 */
export async function applyWithStubs(
  database: ShadowDatabase,
  applied: readonly MigrationFile[],
  file: MigrationFile,
  isMade: (role: string) => boolean = () => false,
): Promise<void> {
  for (const stubs = new Set<string>(); ;) {
    try {
      return await database.apply(applied, file)
    } catch (error) {
      if (!(error instanceof MetastoreError)) throw error
      const role = /^role "(.+)" does not exist/.exec(error.message)?.[1]
      if (role === undefined || stubs.has(role) || isMade(role) || !(await database.stubRole(role))) throw error
      stubs.add(role)
    }
  }
}
