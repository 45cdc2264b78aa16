import type { Catalog } from '../catalog/catalog.ts'
import { MetastoreError } from '../errors.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { replay, type ReplayOptions } from '../shadow/shadow.ts'

/**
 * What migrations make together; one that declares an extension which the throw-away database does not have waits there as on a
 * server. Throws `migration_not_replayed` where another one cannot be run to find out.
 */
export async function replayedCatalog(files: readonly MigrationFile[], options: ReplayOptions): Promise<Catalog> {
  const shadow = await replay(files, options)
  const mayWait = new Set(files.flatMap(({ name, extensions = [] }) => (extensions.length > 0 ? [name] : [])))
  const failed = shadow.files.find(
    ({ name, outcome }) => outcome === 'failed' || (outcome === 'unverified' && !mayWait.has(name)),
  )
  if (failed === undefined) return shadow.catalog
  throw new MetastoreError({
    code: 'migration_not_replayed',
    message: `What the migrations make is not known, because ${failed.name} does not run on a throw-away database: ${failed.problem?.message ?? 'it needs what is not there.'}`,
    where: failed.path,
    remedy: 'Mend it (metastore check --replay says more), or name a server that has what it needs, with --shadow.',
  })
}
