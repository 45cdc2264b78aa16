import { id, sql } from '../../database/database.ts'
import type { BackfillPlan } from '../backfill/plan.ts'
import { backfillPlans } from '../sync/backfill-plans.ts'
import type { SyncObjects } from '../sync/compile-sync.ts'
import type { CarriedOver } from './carry-over.ts'
import { alterTable, lockOf, type Draft, type DraftTable } from './draft.ts'
import type { PhaseStep } from './phase-step.ts'

/** What keeps each table in step, by its name in the database. */
export type Sync = ReadonlyMap<string, SyncObjects>

/** What each table's replaced columns take along. */
export type Carried = ReadonlyMap<DraftTable, CarriedOver>

/**
 * The steps that put a batch's triggers in place and fill its tables. What a table takes from another one, it must not take
 * before that is filled, nor miss what is written there afterwards; so its rows are marked, and the triggers that take the
 * mark away are made, when the other one is done and followed.
 */
export function syncAndBackfillSteps(draft: Draft, sync: Sync, carried: Carried): PhaseStep[] {
  const waiting = new Map([...draft.tables, ...draft.removed].map((table) => [table.physical, table]))
  const synced = (physical: string): PhaseStep[] => {
    const table = waiting.get(physical)
    if (table === undefined) return []
    waiting.delete(physical)
    const sources = draft.rules.flatMap((rule) =>
      rule.kind === 'lookup' && rule.direction === 'up' && rule.table === physical ? [rule.source.table] : [],
    )
    const step = syncStep(draft, table, sync.get(physical), carried.get(table))
    return [...sources.flatMap(synced), ...step, ...table.relaxations]
  }
  const filled = backfills(draft, sync).flatMap((plan) => [
    ...synced(plan.table),
    backfillStep(plan),
    ...(plan.kind === 'derive' || sync.get(plan.table)?.putOff != null ? [] : tightenSteps(draft, plan.table)),
  ])
  return [...filled, ...[...waiting.keys()].flatMap(synced)]
}

function backfills(draft: Draft, sync: Sync): BackfillPlan[] {
  const tables = [...draft.tables, ...draft.removed]
  return backfillPlans({
    rules: draft.rules,
    base: draft.base,
    stateSchema: draft.input.stateSchema,
    target: draft.target,
    sync,
    keyOf: (physical) => keyOfPhysical(tables, physical),
    defaultOf: (physical, column) =>
      addedDefault(
        tables.find((table) => table.physical === physical),
        column,
      ),
    catalog: draft.catalog,
  })
}

function backfillStep(plan: BackfillPlan): PhaseStep {
  return {
    key: `backfill/${plan.kind}/${plan.kind === 'derive' ? plan.into : plan.table}`,
    migration: null,
    label: plan.kind === 'derive' ? `fill ${plan.into} from ${plan.table}` : `backfill ${plan.table}`,
    body: { kind: 'backfill', plan },
    undo: [],
  }
}

/**
 * Makes a table's checks say what NOT NULL says, which the server has to recognise in them, when no row waits any more. Until
 * then old sessions write to rows that are not filled yet, and have nothing to do with what these lack.
 */
export function tightenSteps(draft: Draft, physical: string): PhaseStep[] {
  const table = draft.tables.find((candidate) => candidate.physical === physical)
  if (table === undefined || table.guards.length === 0) return []
  const statements = table.guards.map(({ name, column }) => {
    const check = sql`add constraint ${id(name)} check (${id(column)} is not null) not valid`
    return alterTable(draft, table, sql`drop constraint if exists ${id(name)}, ${check}`)
  })
  return [
    {
      key: `tighten/${physical}`,
      migration: null,
      label: `allow no nulls in the new columns of ${table.name}`,
      body: { kind: 'transaction', locks: [lockOf(draft, physical)], statements },
      undo: [],
    },
  ]
}

// Triggers and the checks that they make hold come and go together, or writers would fail between the two.
function syncStep(
  draft: Draft,
  table: DraftTable,
  sync: SyncObjects | undefined,
  carried: CarriedOver | undefined,
): PhaseStep[] {
  if (sync === undefined && table.guards.length === 0) return []
  const lock = lockOf(draft, table.physical)
  const unless = sync?.pending == null ? sql`` : sql`${id(sync.pending)} is true or `
  const guards = table.guards.map(({ name, column }) =>
    alterTable(draft, table, sql`add constraint ${id(name)} check (${unless}${id(column)} is not null) not valid`),
  )
  const unguard = table.guards.map(({ name }) => alterTable(draft, table, sql`drop constraint if exists ${id(name)}`))
  return [
    {
      key: `sync/${table.physical}`,
      migration: null,
      label: `keep both versions of ${table.name} in step`,
      body: {
        kind: 'transaction',
        locks: [lock],
        statements: [...(carried?.columnSetup ?? []), ...(sync?.create ?? []), ...guards],
      },
      undo: [{ kind: 'transaction', locks: [lock], statements: [...unguard, ...(sync?.drop ?? [])] }],
    },
  ]
}

/** Rows that wait are tried once more before a completion: what their values are computed from may have changed. */
export function settleSteps(draft: Draft, sync: Sync): PhaseStep[] {
  const tables = new Map([...draft.tables, ...draft.removed].map((table) => [table.physical, table.name]))
  const again = backfills(draft, sync).filter((plan) => sync.get(plan.table)?.putOff != null && plan.kind === 'update')
  const checks = [...sync.values()].flatMap(({ table, putOff }): PhaseStep[] => {
    if (putOff === null) return []
    const name = tables.get(table) ?? table
    return [
      {
        key: `settled/${table}`,
        migration: null,
        label: `check that no row of ${name} waits for a value`,
        body: { kind: 'require_settled', table: name, find: putOff.find },
        undo: [],
      },
    ]
  })
  return [...again.map(backfillStep), ...checks]
}

/** The default of a column that the batch added; undefined for a column that was there before. */
export function addedDefault(table: DraftTable | undefined, physical: string): string | null | undefined {
  const column = table?.columns.find((candidate) => candidate.physical === physical)
  return column === undefined || column.original !== null ? undefined : column.default
}

/** The columns of a table's primary key, by its name in the database. */
export function keyOfPhysical(tables: readonly DraftTable[], physical: string): readonly string[] {
  const table = tables.find((candidate) => candidate.physical === physical)
  const key = table?.original?.constraints.find(({ kind }) => kind === 'primary_key')
  return key?.kind === 'primary_key' ? key.columns : []
}
