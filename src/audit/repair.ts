import type { Catalog } from '../catalog/catalog.ts'
import { MetastoreError } from '../errors.ts'
import type { Engine } from '../migrations/migrations.ts'
import type { RepairStatement } from './online.ts'
import { runStatement } from './run-statement.ts'
import { countRows } from './row-counts.ts'

/** What a repair did. */
export interface RepairResult {
  /** What was put back, as `create index public.runs.runs_state`. */
  readonly done: readonly string[]
  /** What could not be, and why. */
  readonly failed: readonly FailedRepair[]
  /** Rows of every table, counted before and after. */
  readonly rows: readonly {
    readonly schema: string
    readonly name: string
    readonly before: number
    readonly after: number
  }[]
}

/** Something that could not be put back. */
export interface FailedRepair {
  /** The key of the object. */
  readonly object: string
  readonly label: string
  readonly error: MetastoreError
}

/**
 * Puts back what is missing, one statement after the other, under the migration lock; no row is touched, and rows are counted
 * to show it. One that fails is told and keeps none of the others from running. Throws `lock_held`.
 */
export async function repairDatabase(
  engine: Engine,
  statements: readonly RepairStatement[],
  catalog: Catalog,
): Promise<RepairResult> {
  const done: string[] = []
  const failed: FailedRepair[] = []
  const { session, progress } = engine
  const rows = await engine.locked(async (run) => {
    const before = await countRows(session, catalog, progress)
    const task = 'repair'
    progress({ kind: 'begin', task, total: statements.length })
    for (const [index, statement] of statements.entries()) {
      const { label, object, action } = statement
      progress({ kind: 'advance', task, done: index, label })
      try {
        await runStatement(run, statement)
        if (action !== 'set') done.push(label)
      } catch (error) {
        if (!(error instanceof MetastoreError) || error.code === 'canceled') throw error
        failed.push({ object, label, error })
      }
    }
    progress({ kind: 'end', task })
    const after = new Map(
      (await countRows(session, catalog, progress)).map(({ schema, name, rows: count }) => [
        JSON.stringify([schema, name]),
        count,
      ]),
    )
    return before.map(({ schema, name, rows: count }) => ({
      schema,
      name,
      before: count,
      after: after.get(JSON.stringify([schema, name])) ?? 0,
    }))
  })
  return { done, failed, rows: rows ?? [] }
}
