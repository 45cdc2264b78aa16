import type { Catalog } from '../catalog/catalog.ts'
import { MetastoreError } from '../errors.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { replay, type ReplayOptions } from '../shadow/shadow.ts'

/** What migrations make together. Throws `migration_not_replayed` where one of them cannot be run to find out. */
export async function replayedCatalog(files: readonly MigrationFile[], options: ReplayOptions): Promise<Catalog> {
  const shadow = await replay(files, options)
  const failed = shadow.files.find(({ outcome }) => outcome === 'failed' || outcome === 'unverified')
  if (failed === undefined) return shadow.catalog
  throw new MetastoreError({
    code: 'migration_not_replayed',
    message: `What the migrations make is not known, because ${failed.name} does not run on a throw-away database: ${failed.problem?.message ?? 'it needs what is not there.'}`,
    where: failed.path,
    remedy: 'Mend it (metastore check --replay says more), or name a server that has what it needs, with --shadow.',
  })
}
