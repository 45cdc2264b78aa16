import { id, join, sql, type Sql } from '../../database/database.ts'
import type { BackfillPlan, DerivePlan, UpdatePlan } from './plan.ts'
import type { Relation } from './relations.ts'
import { isAmong, type Rows, type Scans } from './rows.ts'
import { valueFromSide, type SideTable } from './side-table.ts'

/** What is to be done with rows that somebody else has locked: wait for them, or leave them out. */
export type Locked = 'wait' | 'skip'

/** What a statement of a batch is made from. */
export interface StatementInput<Plan extends BackfillPlan = BackfillPlan> {
  readonly plan: Plan
  readonly scans: Scans
  readonly sides: readonly SideTable[]
}

/** The statement that brings some rows up to date. Its one row says how many those were, as `rows`. */
export function statementFor(input: StatementInput, relation: Relation, rows: Rows, locked: Locked): Sql {
  const { plan, scans, sides } = input
  if (plan.kind === 'derive') return deriveRows({ plan, scans, sides }, relation, rows, locked)
  return updateRows({ plan, scans, sides }, relation, rows, locked, assignmentsOf(plan, sides))
}

/** A column and the value that it gets. */
export interface Assignment {
  readonly column: string
  readonly value: Sql
}

/** All assignments of a plan, those from its side tables included. */
export function assignmentsOf(plan: UpdatePlan, sides: readonly SideTable[]): Assignment[] {
  return [
    ...plan.assignments.filter(({ column }) => !sides.some((side) => side.column === column)),
    ...sides.map((side) => ({ column: side.column, value: valueFromSide(side, plan) })),
  ]
}

/** The statement that updates rows which are still pending, and takes the mark from them. */
export function updateRows(
  { plan, scans }: StatementInput<UpdatePlan>,
  relation: Relation,
  rows: Rows,
  locked: Locked,
  assignments: readonly Assignment[],
): Sql {
  const { alias, pending } = plan
  const set = [...assignments.map(({ column, value }) => sql`${id(column)} = (${value})`), sql`${id(pending)} = false`]
  // A row that changes between being found and being locked is judged again by the server, mark and all.
  const among =
    locked === 'wait'
      ? isAmong(rows, alias, relation, scans)
      : sql`
        ${id(alias)}.ctid = any(array(
          select locked.ctid
          from only ${id(relation.schema, relation.name)} as locked
          where ${isAmong(rows, 'locked', relation, scans)} and locked.${id(pending)}
          for no key update skip locked))`
  return sql`
    with done as (
      update only ${id(relation.schema, relation.name)} as ${id(alias)}
      set ${join(set, ',\n        ')}
      where ${among} and ${id(alias, pending)}
      returning 1
    )
    select count(*) as rows from done`
}

function deriveRows({ plan, scans }: StatementInput<DerivePlan>, relation: Relation, rows: Rows, locked: Locked): Sql {
  const { alias } = plan
  const columns = plan.values.map(({ column }) => id(column))
  const lock = plan.lockSource
    ? sql`for key share of ${id(alias)}${locked === 'skip' ? sql` skip locked` : sql``}`
    : sql``
  return sql`
    with done as (
      insert into ${id(plan.schema, plan.into)} (${join(columns)})
      overriding system value
      select ${join(plan.values.map(({ value }) => value))}
      from only ${id(relation.schema, relation.name)} as ${id(alias)}
      where ${isAmong(rows, alias, relation, scans)}
      ${lock}
      on conflict (${join(plan.conflict.map((column) => id(column)))}) do nothing
      returning 1
    )
    select count(*) as rows from done`
}
