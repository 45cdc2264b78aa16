import { usualBatchOptions } from '../batch/compiled-batch.ts'
import { id, join, sql, type Sql } from '../../database/database.ts'
import type { BackfillPlan } from '../backfill/plan.ts'
import { compileBatch } from '../batch/compile-batch.ts'
import type { PhaseStep, StepBody } from '../batch/phase-step.ts'
import type { BookkeepingState } from '../bookkeeping.ts'
import type { Engine } from '../engine.ts'
import type { Migration } from '../migration.ts'
import type { PlannedMigration, PlannedStep } from '../planned.ts'
import { combineProblems } from '../problems.ts'
import { namesOf, type StoredBatch } from '../stored-batch.ts'
import { inputOf, loadBatch, partsOf } from './load-batch.ts'
import type { PhaseOptions } from './phase-options.ts'
import { readCatalog } from './reintrospect.ts'

/** How a batch is planned. */
export interface BatchPlanOptions extends PhaseOptions {
  /** Whether nothing comes before it, so that the schema is as it will find it. */
  readonly first: boolean
  /** What the version schema is named after. Default: the last migration. */
  readonly target?: string
  readonly rollback?: StoredBatch['rollback']
  readonly direction?: PlannedMigration['direction']
}

/**
 * A batch as a plan shows it: compiled against the schema as it is. What comes after other files depends on what they do, so
 * its steps are known only when they have run.
 */
export async function planBatch(
  { database, session, bookkeeping }: Pick<Engine, 'database' | 'session' | 'bookkeeping'>,
  state: BookkeepingState,
  migrations: readonly Migration[],
  { base = 'public', batch, first, target: version, rollback, direction = 'up' }: BatchPlanOptions,
): Promise<PlannedMigration> {
  const last = migrations.at(-1)
  if (last === undefined) throw new RangeError('A batch holds a migration.')
  const names = migrations.map(({ name }) => name)
  const planned = { name: last.name, path: last.file.path, direction, atomic: false, batch: names }
  if (!first) return { ...planned, steps: [], remark: 'Its steps depend on what runs before it.' }
  const target = {
    base,
    oldVersion: state.version,
    target: version,
    rollback,
    options: { ...usualBatchOptions, ...batch },
  }
  const compiled = compileBatch(
    await inputOf(target, {
      parts: partsOf(migrations),
      catalogs: [await readCatalog(session, target)],
      stateSchema: bookkeeping.schema ?? '',
      serverMajor: database.server.major,
    }),
  )
  const wrong = combineProblems(compiled.problems)
  if (wrong !== undefined) throw wrong
  return {
    ...planned,
    steps: [
      ...compiled.start.map((step) => plannedStep('start', step)),
      ...compiled.prepare.map((step) => plannedStep('prepare', step)),
      ...compiled.complete.map((step) => plannedStep('complete', step)),
    ],
    ...(compiled.incomplete && { remark: 'Its further steps depend on what the custom SQL does.' }),
  }
}

/** The batch that is under way as a plan shows it: what is left to do until it is complete. */
export async function planStanding(
  engine: Pick<Engine, 'database' | 'session' | 'bookkeeping'>,
  batch: StoredBatch,
): Promise<PlannedMigration> {
  const { compiled, notes } = await loadBatch({ run: engine, batch, compile: compileBatch })
  const steps = (['start', 'prepare', 'complete'] as const).flatMap((phase) => {
    const done = new Set(notes.filter((note) => note.phase === phase && note.status === 'done').map(({ step }) => step))
    return compiled[phase].filter(({ key }) => !done.has(key)).map((step) => plannedStep(phase, step))
  })
  const path = batch.migrations.at(-1)?.path ?? ''
  const direction = batch.rollback === undefined ? 'up' : 'down'
  return { name: batch.target, path, direction, atomic: false, batch: namesOf(batch), steps }
}

function plannedStep(phase: 'start' | 'prepare' | 'complete', { body, label, migration }: PhaseStep): PlannedStep {
  const locks = body.kind === 'transaction' ? body.locks : []
  return {
    kind: body.kind,
    label,
    sql: textOf(body),
    phase,
    migration,
    locks: locks.map(({ name, mode }) => ({ table: name, mode })),
  }
}

function textOf(body: StepBody): string | null {
  switch (body.kind) {
    case 'transaction':
      return textOfAll(body.statements)
    case 'script':
      return body.sql.text.trim()
    case 'build_index': {
      const create = body.unique ? sql`create unique index` : sql`create index`
      const { schema, table, internalName, finalName, definition } = body
      const build = sql`${create} concurrently ${id(internalName)} on ${id(schema, table)} ${definition}`
      const rename = finalName === null ? [] : [sql`alter index ${id(schema, internalName)} rename to ${id(finalName)}`]
      return textOfAll([build, ...rename])
    }
    case 'drop_index':
      return textOfAll([sql`drop index concurrently ${id(body.schema, body.name)}`])
    case 'backfill':
      return textOfAll([backfillText(body.plan)])
    case 'require_settled':
      return textOfAll([body.find])
    case 'reintrospect':
    case 'refresh_views':
      return null
  }
}

// As one statement; it runs in batches.
function backfillText(plan: BackfillPlan): Sql {
  const table = id(plan.schema, plan.table)
  if (plan.kind === 'derive') {
    return sql`
      insert into ${id(plan.schema, plan.into)} (${join(plan.values.map(({ column }) => id(column)))})
      select ${join(plan.values.map(({ value }) => value))}
      from ${table} as ${id(plan.alias)}
      on conflict (${join(plan.conflict.map((column) => id(column)))}) do nothing`
  }
  const queries = new Map(plan.queries.map(({ column, query }) => [column, sql`(${query})`]))
  const values = plan.assignments.map(({ column, value }) => sql`${id(column)} = ${queries.get(column) ?? value}`)
  return sql`
    update ${table} as ${id(plan.alias)}
    set ${join([...values, sql`${id(plan.pending)} = false`])}
    where ${id(plan.alias, plan.pending)}`
}

function textOfAll(statements: readonly Sql[]): string {
  return statements.map((statement) => statement.inline('postgres')).join(';\n')
}
