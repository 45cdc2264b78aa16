import { DatabaseError, failedBecause, id, literal, sql, type Queryable } from '../../database/database.ts'
import { changesOf, runAll, type StandingVersion } from './refresh.ts'
import { dropVersionViews, lockVersionViews } from './version-schema.ts'
import { readViewsState, type ViewsState } from './views-state.ts'

/**
 * Runs what changes tables in ways that only its author knows, on a database with a version schema, in the caller's
 * transaction; then the views show what there is. The work is undone and done again, so that `work` may be called several
 * times, when views stand in its way: those are then dropped first and made again; and when applications are using a view that
 * has to change: it is then locked first. Statements lock the view and then the table below it, so whoever has the table and
 * wants the view would wait for somebody who waits for him.
 */
export async function aroundFile<T>(tx: Queryable, version: StandingVersion, work: () => Promise<T>): Promise<T> {
  const before = await readViewsState(tx, version.versionSchema, version.base)
  if (!before.exists) return work()
  const gone: Gone = { views: new Set(), copies: false }
  for (let isLocked = false; ;) {
    await tx.script('savepoint metastore_file')
    let result: T
    try {
      result = await work()
    } catch (error) {
      if (!isRefusedForViews(error) || (gone.copies && gone.views.size === before.views.length)) throw error
      await tx.script('rollback to savepoint metastore_file')
      await clearTheWay(tx, version, before, gone, error)
      continue
    }
    const inUse = await follow(tx, version, before, isLocked)
    if (inUse === undefined) return result
    await tx.script('rollback to savepoint metastore_file')
    await tx.query(lockVersionViews(version.versionSchema, inUse))
    isLocked = true
  }
}

// Whether a view is in use shows within this time, in milliseconds; those who wait for the table meanwhile wait no longer.
const brief = 10

// The views that are in use, where that is why they cannot be changed.
async function follow(
  tx: Queryable,
  version: StandingVersion,
  before: ViewsState,
  isLocked: boolean,
): Promise<readonly string[] | undefined> {
  const after = await readViewsState(tx, version.versionSchema, version.base)
  // A file may have taken another role and kept it, which the views would then belong to.
  if (after.roleSetting !== before.roleSetting) {
    await tx.query(sql`select pg_catalog.set_config('role', ${before.roleSetting}, true)`)
  }
  const { statements, changed } = changesOf(version, { ...after, user: before.user }, before)
  if (statements.length === 0) return undefined
  const timeout = (value: string) => sql`select pg_catalog.set_config('lock_timeout', ${literal(value)}, true)`
  try {
    await runAll(tx, isLocked ? statements : [timeout(String(brief)), ...statements, timeout(after.lockTimeout)])
    return undefined
  } catch (error) {
    if (isLocked || !failedBecause(error, 'lock_timeout')) throw error
    return changed
  }
}

/** What has been dropped of a version schema. */
interface Gone {
  readonly views: Set<string>
  /** What was carried into it; that goes with the first of the views. */
  copies: boolean
}

// The server names the views that a change would break, whatever language it speaks; where it does not, all have to go.
async function clearTheWay(
  tx: Queryable,
  { versionSchema }: StandingVersion,
  { views }: ViewsState,
  gone: Gone,
  refusal: DatabaseError,
): Promise<void> {
  const said = refusal.details.join('\n')
  const rest = views.map(({ name }) => name).filter((name) => !gone.views.has(name))
  const named = rest.filter((name) => said.includes(`${displayed(versionSchema)}.${displayed(name)}`))
  const isCopy = named.length === 0 && !gone.copies && said.includes(`${displayed(versionSchema)}.`)
  const chosen = named.length > 0 || isCopy ? named : rest
  try {
    await tx.query(dropVersionViews(versionSchema, chosen))
  } catch (error) {
    if (!isRefusedForViews(error)) throw error
    throw new DatabaseError({
      ...error,
      details: [...error.details, `The change was refused first: ${refusal.message}`],
      code: error.code,
      message: `The views of ${versionSchema} stand in the way of this change, and cannot be dropped for it, because other objects depend on them.`,
      where: versionSchema,
      remedy: 'Drop what the details name, run the same command again, and create it anew.',
      cause: error,
    })
  }
  for (const name of chosen) gone.views.add(name)
  gone.copies = true
}

// As the server writes it.
function displayed(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : id(name).inline('postgres')
}

// 2BP01: something that is dropped has views. 0A000: a column changes its type, or is used in a way that views forbid.
function isRefusedForViews(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && (error.engineCode === '2BP01' || error.engineCode === '0A000')
}
