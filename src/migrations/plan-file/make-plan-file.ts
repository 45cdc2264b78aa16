import type { Catalog } from '../../catalog/catalog.ts'
import { toolVersion } from '../../version.ts'
import { usualBatchOptions, type BatchOptions } from '../batch/compiled-batch.ts'
import type { Engine, Position } from '../engine.ts'
import type { MigrationFile } from '../migration.ts'
import type { Allowances } from '../pending.ts'
import type { Plan } from '../plan.ts'
import { namesOf } from '../stored-batch.ts'
import { fingerprintOf } from './fingerprint.ts'
import { identityOf } from './identity.ts'
import type { PlanFile } from './plan-file.ts'
import { planFormat } from './plan-format.ts'

/** Everything that a plan was made from. */
export interface PlanOrigin {
  readonly plan: Plan
  /** The URL of the database without its password. */
  readonly address: string
  readonly files: readonly MigrationFile[]
  readonly position: Position
  /** Null on SQLite. */
  readonly catalog: Catalog | null
  readonly base: string
  readonly batch: Partial<BatchOptions> | undefined
  readonly allow: Allowances
}

/** A plan as it is saved: what runs, and all that has to be the same when it is applied. */
export async function makePlanFile(
  { database, session }: Pick<Engine, 'database' | 'session'>,
  { plan, address, files, position, catalog, base, batch, allow }: PlanOrigin,
): Promise<PlanFile> {
  const { phase, batch: standing, version } = position.state
  const { changed = [], missing = [], ahead = false, outOfOrder = [] } = allow
  const saved = {
    format: planFormat,
    toolVersion,
    createdAt: new Date().toISOString(),
    database: { address, ...(await identityOf(database, session, address)) },
    position: {
      phase,
      batch: standing === null ? [] : namesOf(standing),
      version,
      applied: position.applied.map(({ name, checksum }) => ({ name, checksum })),
    },
    files: filesOf(files),
    options: { base, ...usualBatchOptions, ...batch, allow: { changed, missing, ahead, outOfOrder } },
    migrations: plan.migrations,
    catalog: catalog && fingerprintOf(catalog, plan.migrations, base),
  }
  // As it will be read: without what is undefined, and with nothing that only looks like data.
  return JSON.parse(JSON.stringify(saved)) as PlanFile
}

/** The files that a plan was made from, as it names them. */
export function filesOf(files: readonly MigrationFile[]): PlanFile['files'] {
  return files.map(({ name, path, checksum }) => ({ name, path, checksum }))
}
