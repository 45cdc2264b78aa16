import type { ObjectName, View } from '../../../catalog/catalog.ts'
import { id, join, literal, raw, sql, type Sql } from '../../../database/database.ts'
import type { PhaseStep } from '../phase-step.ts'
import { affectedViews, printedView } from './affected-views.ts'
import {
  type Carrying,
  type CarryPart,
  commentOn,
  keyOf,
  rewriteForAll,
  role,
  shown,
  temporaryName,
  transactionStep,
} from './carrying.ts'
import { relationKey } from './printed-sql.ts'
import { viewProblems } from './view-problems.ts'

/**
 * Views that read replaced columns, and views that read those. Each is made a second time over the new columns, so that
 * anything wrong with it shows at the start; right before the swap the new ones take the names of the old ones.
 */
export function carryViews(carryings: readonly Carrying[]): CarryPart {
  const [carrying] = carryings
  if (carrying === undefined) return {}
  const affected = affectedViews(carryings)
  const problems = affected.flatMap((each) => viewProblems(carrying, each))
  if (problems.length > 0) return { problems }
  const views = affected.map(({ view }) => view)
  const internal = new Map(
    views.map((view): [string, ObjectName] => {
      return [relationKey(view), { schema: view.schema, name: temporaryName(carrying, 'view', view, view.name) }]
    }),
  )
  const nameOf = (view: View): ObjectName => internal.get(relationKey(view)) ?? view
  return {
    build: views.map((view) => buildStep(carryings, carrying, view, nameOf(view), internal)),
    release: views.length === 0 ? [] : [releaseStep(carryings, carrying, views, nameOf)],
  }
}

// Not in the swap: who reads a view locks that first and its tables after it, so a swap that has the tables would wait for
// readers who wait for the swap. LOCK TABLE of a view is no way out, for it needs privileges of the view's owner.
function releaseStep(
  carryings: readonly Carrying[],
  carrying: Carrying,
  views: readonly View[],
  nameOf: (view: View) => ObjectName,
): PhaseStep {
  const names = views.map((view) => shown(carrying, view)).join(', ')
  return transactionStep(carrying, {
    key: keyOf('views', carrying.table, ''),
    label: `put the new ${names} in place`,
    locks: [],
    statements: [
      ...views.toReversed().map((view) => sql`drop view ${id(view.schema, view.name)}`),
      ...views.map((view) => sql`alter view ${id(view.schema, nameOf(view).name)} rename to ${id(view.name)}`),
      ...views.flatMap((view) => readAsBefore(carryings, view, views)),
    ],
  })
}

// What read a view by its name for the time being would be printed with the real name as an alias from then on.
function readAsBefore(carryings: readonly Carrying[], view: View, views: readonly View[]): readonly Sql[] {
  const { text, reads } = rewriteForAll(carryings, printedView(view), 'temporary')
  if (!views.some((other) => reads.has(relationKey(other)))) return []
  return [sql`create or replace ${definitionOf(view, id(view.schema, view.name), text)}`]
}

function buildStep(
  carryings: readonly Carrying[],
  carrying: Carrying,
  view: View,
  name: ObjectName,
  relations: ReadonlyMap<string, ObjectName>,
): PhaseStep {
  const { text } = rewriteForAll(carryings, { ...printedView(view), relations }, 'temporary')
  return transactionStep(carrying, {
    key: keyOf('view', view, view.name),
    label: `make view ${shown(carrying, view)} over the new column`,
    locks: [],
    statements: createView(view, id(name.schema, name.name), text),
    undo: { locks: [], statements: [sql`drop view if exists ${id(name.schema, name.name)}`] },
  })
}

function definitionOf(view: View, name: Sql, query: string): Sql {
  const options = Object.entries(view.options).map(([option, value]) => sql`${id(option)} = ${literal(value)}`)
  const columns = join(view.columns.map((column) => id(column.name)))
  return sql`view ${name} (${columns})${options.length > 0 ? sql` with (${join(options)})` : sql``} as ${raw(query)}`
}

function createView(view: View, name: Sql, query: string): readonly Sql[] {
  const grants = [
    ...view.grants.map((grant) => ({ ...grant, columns: '' })),
    ...view.columns.flatMap((column) =>
      column.grants.map((grant) => ({ ...grant, columns: ` (${id(column.name).inline('postgres')})` })),
    ),
  ]
  return [
    sql`create ${definitionOf(view, name, query)}`,
    ...view.columns.flatMap(({ name: column, default: value }) =>
      value === null ? [] : [sql`alter view ${name} alter column ${id(column)} set default ${raw(value)}`],
    ),
    ...(view.owner === null ? [] : [sql`alter view ${name} owner to ${id(view.owner)}`]),
    // Of the owner a grant is told only when something was taken away.
    ...(view.grants.some(({ grantee }) => grantee === view.owner)
      ? [sql`revoke all on ${name} from ${role(view.owner ?? '')}`]
      : []),
    ...grants.flatMap(({ grantee, privileges, grantOption, columns: of }) => {
      if (privileges.length === 0) return []
      const list = raw(privileges.map((privilege) => `${privilege}${of}`).join(', '))
      return [sql`grant ${list} on ${name} to ${role(grantee)}${grantOption ? sql` with grant option` : sql``}`]
    }),
    ...commentOn(sql`view ${name}`, view.comment),
    ...view.columns.flatMap((column) => commentOn(sql`column ${name}.${id(column.name)}`, column.comment)),
  ]
}
