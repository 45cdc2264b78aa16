import type { Catalog } from '../../catalog/catalog.ts'
import { id, raw, sql, type Sql } from '../../database/database.ts'
import type { BackfillPlan, DerivePlan, UpdatePlan } from '../backfill/plan.ts'
import { renderExpression, renderOverRows, type Expression } from '../batch/expression.ts'
import type { RowScope } from '../batch/row-scope.ts'
import type { SyncObjects } from './compile-sync.ts'
import { smallestFirst, sourceOf, sourceRow } from './lookup.ts'
import type { ComputeRule, DeriveRule, LookupRule, SyncRule } from './rule.ts'

/** What the backfills of a batch are made from. */
export interface BackfillInput {
  /** In the order of the batch. */
  readonly rules: readonly SyncRule[]
  readonly base: string
  readonly stateSchema: string
  readonly target: string
  /** The triggers of the batch, by table: a row is up to date when it has lost their mark. */
  readonly sync: ReadonlyMap<string, Pick<SyncObjects, 'pending'>>
  /** The columns of a table's primary key. */
  readonly keyOf: (table: string) => readonly string[]
  /** As it was before the batch. */
  readonly catalog: Catalog
  /** The default of a column that the batch added, null for none; it stands for what a look-up does not find. */
  readonly defaultOf?: ((table: string, column: string) => string | null | undefined) | undefined
}

/** One pass for each table, in an order in which no pass reads what a later one writes, as far as there is one. */
export function backfillPlans(input: BackfillInput): BackfillPlan[] {
  const derived = input.rules.flatMap((rule) =>
    rule.kind === 'derive' ? [{ rule, plan: derivePlan(input, rule) }] : [],
  )
  const tables = new Set(input.rules.flatMap((rule) => (isRowRule(rule) ? [rule.table] : [])))
  const updates = [...tables].flatMap((table) => {
    const rules = input.rules.flatMap((rule) => (isRowRule(rule) && rule.table === table ? [rule] : []))
    const plan = updatePlan(input, table, rules)
    return plan === undefined ? [] : [{ rules, plan }]
  })
  const passes: Pass[] = [
    ...derived.map(({ rule, plan }) => ({
      plan,
      writes: rule.table,
      reads: [
        ...(updates.some((update) => readsColumnsOf(rule, update.plan)) ? [rule.source.table] : []),
        // It begins to keep its source in step, which may not be before that can take what it takes from elsewhere.
        ...updates.flatMap(({ rules, plan }) => (plan.table === rule.source.table ? sourcesOf(rules) : [])),
      ].filter((table) => table !== rule.table),
    })),
    ...updates.map(({ rules, plan }) => ({
      plan,
      writes: plan.table,
      reads: [
        ...sourcesOf(rules),
        // Its rows have to be there.
        ...(derived.some(({ rule }) => rule.table === plan.table) ? [plan.table] : []),
      ],
    })),
  ]
  return inOrder(passes)
}

interface Pass {
  readonly plan: BackfillPlan
  readonly writes: string
  /** Tables that have to be up to date before it. */
  readonly reads: readonly string[]
}

// Where tables read each other there is no right order, and the triggers and a second look put that right.
function inOrder(passes: readonly Pass[]): BackfillPlan[] {
  const waiting = [...passes]
  const plans: BackfillPlan[] = []
  while (waiting.length > 0) {
    const ready = waiting.findIndex((pass) =>
      pass.reads.every((table) => !waiting.some((other) => other !== pass && other.writes === table)),
    )
    plans.push(...waiting.splice(Math.max(ready, 0), 1).map(({ plan }) => plan))
  }
  return plans
}

function sourcesOf(rules: readonly RowRule[]): string[] {
  return rules.flatMap((rule) => (rule.kind === 'lookup' ? [rule.source.table] : []))
}

function readsColumnsOf({ source, values }: DeriveRule, plan: UpdatePlan): boolean {
  if (plan.table !== source.table) return false
  const written = new Set([...plan.assignments, ...plan.queries].map(({ column }) => column))
  return values.some(({ expression }) =>
    source.scope.columns.some(
      ({ name, physical }) => written.has(physical) && expression.uses.some((use) => use.name === name),
    ),
  )
}

type RowRule = ComputeRule | LookupRule

function isRowRule(rule: SyncRule): rule is RowRule {
  return (rule.kind === 'compute' || rule.kind === 'lookup') && rule.direction === 'up'
}

const alias = '__metastore_row'

function updatePlan(input: BackfillInput, table: string, rules: readonly RowRule[]): UpdatePlan | undefined {
  const pending = input.sync.get(table)?.pending ?? null
  if (pending === null) return undefined
  const known = new Map<string, Sql>()
  const column = (physical: string): Sql => known.get(physical) ?? id(alias, physical)
  const assignments: UpdatePlan['assignments'][number][] = []
  const queries: UpdatePlan['queries'][number][] = []
  for (const rule of rules) {
    if (rule.kind === 'compute' && rule.backfill !== null) {
      queries.push({ column: rule.column, type: rule.type, query: raw(rule.backfill) })
      continue
    }
    if (rule.kind === 'compute' && isItself(rule)) continue
    const value =
      rule.kind === 'compute' ? renderExpression(rule.expression, rule.scope, column) : lookedUp(input, rule, column)
    assignments.push({ column: rule.column, value, type: rule.type })
    // A later rule that uses this column is over the row as it is before the update, so it gets what the column will hold.
    known.set(rule.column, sql`(${value})::${raw(rule.type)}`)
  }
  return {
    kind: 'update',
    schema: input.base,
    table,
    alias,
    pending,
    assignments,
    queries,
    origins: rules.map((rule) => ({
      column: rule.column,
      migration: rule.origin.migration,
      name: rule.origin.column,
    })),
    errors: rules.some((rule) => rule.kind === 'compute' && rule.errors === 'defer') ? 'defer' : 'fail',
    key: input.keyOf(table),
  }
}

function isItself({ column, expression, scope }: ComputeRule): boolean {
  const [use] = expression.uses
  const physical = scope.columns.find(({ name }) => name === use?.name)?.physical
  return physical === column && use?.start === 0 && use.end === expression.text.length
}

function lookedUp(input: BackfillInput, rule: LookupRule, column: (physical: string) => Sql): Sql {
  const over = (expression: Expression): Sql =>
    renderOverRows(expression, [
      { scope: rule.source.scope, column: (physical) => id(sourceRow, physical) },
      { scope: rule.target, column },
    ])
  const found = sql`
    (
      select ${over(rule.value)}
      ${sourceOf(input, rule)}
      where ${over(rule.where)}
      ${smallestFirst(rule)}
      limit 1
    )`
  const otherwise = input.defaultOf?.(rule.table, rule.column) ?? null
  return otherwise === null ? found : sql`coalesce(${found}, ${raw(otherwise)})`
}

function derivePlan({ base }: BackfillInput, rule: DeriveRule): DerivePlan {
  const over = (expression: Expression, scope: RowScope): Sql =>
    renderExpression(expression, scope, (physical) => id(alias, physical))
  return {
    kind: 'derive',
    schema: base,
    table: rule.source.table,
    alias,
    into: rule.table,
    values: rule.values.map(({ column, expression }) => ({ column, value: over(expression, rule.source.scope) })),
    conflict: rule.conflict,
    lockSource: rule.onSourceDelete === 'delete',
    migration: rule.origin.migration,
  }
}
