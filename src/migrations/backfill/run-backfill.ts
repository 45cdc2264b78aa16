import { seeEveryRow } from '../../catalog/catalog.ts'
import { failedBecause, id, join, literal, sql, type Session, type Sql } from '../../database/database.ts'
import { noTelemetry } from '../../telemetry/telemetry.ts'
import { retrying } from '../retry.ts'
import { interrupted } from './failures.ts'
import { fillSideTables } from './fill-side-tables.ts'
import { transact, type BackfillContext, type Job } from './job.ts'
import type { BackfillOptions } from './options.ts'
import { firstPlace, resumedPlace } from './place.ts'
import type { BackfillPlan, UpdatePlan } from './plan.ts'
import type { BackfillProgress } from './progress.ts'
import { readRelations, type Relation } from './relations.ts'
import { revisit } from './revisit.ts'
import { dropSideTable, sideTablesOf } from './side-table.ts'
import { sweep } from './sweep.ts'
import { walk } from './walk.ts'

export type { BackfillContext } from './job.ts'
export type { BackfillProgress } from './progress.ts'
export { dropSideTable, sideTablesOf } from './side-table.ts'

/** How a backfill is run. */
export interface BackfillHooks {
  readonly options: BackfillOptions
  /** What an earlier run has journalled, to go on there; null to begin. */
  readonly resume: BackfillProgress | null
  /** The statement that journals progress. It runs in the transaction of the rows that it counts. */
  readonly save: (progress: BackfillProgress) => Sql
  /** The schemas that names without one are looked up in; those of the session by default. */
  readonly searchPath?: readonly string[] | undefined
  /** A clock in milliseconds that only goes forward. */
  readonly now?: (() => number) | undefined
}

/** What a backfill has come to, that of earlier runs included. */
export interface BackfillResult {
  readonly rows: number
  readonly batches: number
  /** How many rows stay pending because their values cannot be computed, where the plan allows that. */
  readonly deferred: number
}

/**
 * Brings the existing rows of a table up to date in batches while others write to it, and returns when a look at the whole
 * table finds none left. Throws `backfill_failed`, `canceled`, and DatabaseError for what is not about a row.
 */
export async function runBackfill(
  context: BackfillContext,
  plan: BackfillPlan,
  hooks: BackfillHooks,
): Promise<BackfillResult> {
  const { span, measure } = context.telemetry ?? noTelemetry
  const table = { 'db.collection.name': `${plan.schema}.${plan.table}` }
  return span('metastore.backfill', table, async ({ set }) => {
    const result = await runPasses(context, plan, hooks)
    const rows = result.rows - (hooks.resume?.rows ?? 0)
    set({ 'metastore.rows': rows, 'metastore.batches': result.batches - (hooks.resume?.batches ?? 0) })
    measure('metastore.backfill.rows', rows, table)
    return result
  })
}

async function runPasses(context: BackfillContext, plan: BackfillPlan, hooks: BackfillHooks): Promise<BackfillResult> {
  let latest = hooks.resume?.rows ?? 0
  const task = `backfill ${plan.schema}.${plan.table}${plan.kind === 'derive' ? ` into ${plan.into}` : ''}`
  const tell = ({ rows, total }: BackfillProgress) => {
    latest = rows
    context.progress({ kind: 'advance', task, done: rows, total: Math.max(rows, total), label: task })
  }
  try {
    const job = await jobOf(context, plan, hooks, tell)
    const relations = await readRelations(context.session, plan.schema, plan.table)
    const begin = beginning(relations, hooks.resume)
    context.progress({ kind: 'begin', task, total: begin.total, unit: 'rows' })
    tell(begin)
    return await passes(job, relations, begin)
  } catch (error) {
    if (context.signal.aborted && failedBecause(error, 'canceled')) throw interrupted(plan, latest, error)
    throw error
  } finally {
    context.progress({ kind: 'end', task })
  }
}

async function passes(job: Job, relations: readonly Relation[], begin: BackfillProgress): Promise<BackfillResult> {
  const { plan } = job
  if (plan.kind === 'derive') {
    const { rows, batches } = await revisit(job, relations, await walk(job, relations, begin))
    return { rows, batches, deferred: 0 }
  }
  const updating: Job<UpdatePlan> = { ...job, plan }
  const ready = begin.at === null && begin.batches === 0 ? begin : await fillSideTables(updating, begin)
  const { progress, deferred } = await sweep(updating, await walk(job, relations, ready))
  for (const side of job.sides) {
    await retrying(job.context, () => transact(job, 'usual', (tx) => tx.query(dropSideTable(side))))
  }
  return { rows: progress.rows, batches: progress.batches, deferred }
}

function beginning(relations: readonly Relation[], resume: BackfillProgress | null): BackfillProgress {
  if (resume !== null) {
    return { ...resume, at: resume.at === null ? null : resumedPlace(relations, resume.at) }
  }
  const total = relations.reduce((sum, { rows }) => sum + rows, 0)
  return { rows: 0, total, batches: 0, at: firstPlace(relations), revisit: [], sides: [] }
}

async function jobOf(
  context: BackfillContext,
  plan: BackfillPlan,
  { options, save, searchPath, now = () => performance.now() }: BackfillHooks,
  tell: Job['tell'],
): Promise<Job> {
  const { schema } = context.bookkeeping
  if (schema === null) throw new RangeError('A backfill needs a database with schemas.')
  return {
    context,
    plan,
    options,
    scans: { rangeScans: context.database.server.major >= 14 },
    sides: plan.kind === 'update' ? sideTablesOf(plan, schema) : [],
    settings: await settingsFor(context.session, plan, searchPath),
    save,
    tell,
    now,
  }
}

const withoutTriggers = 'set local session_replication_role = replica'

async function settingsFor(
  session: Session,
  plan: BackfillPlan,
  searchPath: readonly string[] | undefined,
): Promise<string> {
  // An error instead of rows that nobody sees.
  const [rowSecurity] = await session.query<{ set_config: string }>(seeEveryRow())
  const settings = [
    sql`set local row_security = ${literal(rowSecurity?.set_config ?? 'off')}`.inline('postgres'),
    'set local statement_timeout = 0',
    // A crash loses the last batches together with their journal; whatever is committed after them brings them to disk.
    'set local synchronous_commit = off',
  ]
  if (searchPath !== undefined)
    settings.push(sql`set local search_path = ${join(searchPath.map((each) => id(each)))}`.inline('postgres'))
  // Neither the application's triggers nor ours have anything to do. Rows of a new table are another thing: their foreign keys
  // are checked by triggers.
  if (plan.kind === 'update' && (await mayTurnTriggersOff(session))) settings.push(withoutTriggers)
  return settings.join('; ')
}

async function mayTurnTriggersOff(session: Session): Promise<boolean> {
  try {
    await session.transaction((tx) => tx.script(withoutTriggers))
    return true
  } catch (error) {
    if (failedBecause(error, 'permission')) return false
    throw error
  }
}
