import type { Queryable, Sql } from '../../database/database.ts'
import { dropExposedObjects, exposeObjects } from './exposed-objects.ts'
import { planViewChanges, type ViewChanges } from './view-changes.ts'
import { readViewsState, type ViewsState } from './views-state.ts'

/** A version schema that stands, and what it shows. */
export interface StandingVersion {
  /** `migration_<name>`. */
  readonly versionSchema: string
  /** The schema of its tables. */
  readonly base: string
  readonly serverMajor: number
  /** Whether views and functions of the base schema are carried into it. Default true. */
  readonly exposeViews?: boolean | undefined
}

/**
 * Makes the views of a version schema show the tables as they are, in the caller's transaction: new tables and columns are
 * added, those that are gone go, in each view the columns keep the order that the application knows. Views that are right
 * are not touched, so that prepared statements on them live on. To be used when no other version is live.
 */
export async function refreshViews(tx: Queryable, version: StandingVersion): Promise<void> {
  const state = await readViewsState(tx, version.versionSchema, version.base)
  if (state.exists) await runAll(tx, changesOf(version, state, undefined).statements)
}

/** What makes the views show what there is, with what is carried into the version schema. */
export function changesOf(version: StandingVersion, state: ViewsState, before: ViewsState | undefined): ViewChanges {
  const changes = planViewChanges({ ...version, state, before })
  if (!state.exposes) return changes
  const { versionSchema, base, exposeViews } = version
  // Copies of the project's own views read these, and are made again on what takes their place.
  const first = changes.drops || exposeViews === false ? [dropExposedObjects(versionSchema)] : []
  const last = exposeViews === false ? [] : [exposeObjects(versionSchema, base)]
  return { ...changes, statements: [...first, ...changes.statements, ...last] }
}

/** Runs statements in one round trip. */
export async function runAll(tx: Queryable, statements: readonly Sql[]): Promise<void> {
  if (statements.length === 0) return
  await tx.script(statements.map((statement) => statement.inline('postgres')).join(';\n'))
}
