import { roleName as role, type Grant } from '../../catalog/catalog.ts'
import { id, join, literal, raw, sql, type Sql } from '../../database/database.ts'
import type { VersionSchema, VersionView, VersionViewColumn } from '../batch/version-view.ts'
import { shownColumns } from './shown-columns.ts'
import { createView, grantStatements, usageGrants, viewBody } from './version-schema.ts'
import type { ColumnState, RelationState, ViewState, ViewsState } from './views-state.ts'

/** What has to happen to the views of a version schema. */
export interface ViewChanges {
  /** Whether views go that others may read, which then have to be out of the way. */
  readonly drops: boolean
  /** The views that are made anew or get columns. */
  readonly changed: readonly string[]
  readonly statements: readonly Sql[]
}

/** What the plan goes by. */
export interface RefreshInput {
  readonly versionSchema: string
  readonly base: string
  readonly serverMajor: number
  /** As it stands. */
  readonly state: ViewsState
  /** As it stood before somebody changed the tables, where that is known: it has the order of columns of views that are gone. */
  readonly before?: ViewsState | undefined
}

/** What makes the views show the tables as they are. A view that is right already is not touched. */
export function planViewChanges(input: RefreshInput): ViewChanges {
  const { state, before, base, versionSchema, serverMajor } = input
  const schema: VersionSchema = { name: versionSchema, base, views: [], grants: state.baseGrants }
  const views = state.views.filter(isOwn)
  const dropped: string[] = []
  const mended: string[] = []
  const created: Sql[] = []
  const wanted: VersionView[] = []
  for (const table of state.tables) {
    const view = views.find((each) => each.table === table.table)
    const shown = view === undefined ? shownBefore(before, table) : numbersOf(view, table)
    const desired = desiredView(table, shown, view?.owner ?? state.user)
    wanted.push(desired)
    const isReplaceable = view !== undefined && view.name === desired.name && isContinued(view, table, desired)
    if (isReplaceable) {
      const mending = mendView(schema, view, desired, serverMajor)
      if (mending.length > 0) mended.push(view.name)
      created.push(...mending)
    } else {
      if (view !== undefined) dropped.push(view.name)
      created.push(...createView(schema, desired, { serverMajor }))
    }
  }
  const shown = new Set(state.tables.map(({ table }) => table))
  dropped.push(...views.filter(({ table }) => !shown.has(table)).map(({ name }) => name))
  const drop = dropped.length === 0 ? [] : [sql`drop view ${join(dropped.map((name) => id(versionSchema, name)))}`]
  const usage = usageGrants({ ...schema, views: wanted }, state.grants)
  return { drops: dropped.length > 0, changed: [...dropped, ...mended], statements: [...drop, ...created, ...usage] }
}

// Columns in the order that the application knows, then those that it does not know yet.
function desiredView(table: RelationState, shown: readonly ShownColumn[], owner: string): VersionView {
  const columns = shown.flatMap(({ number, column }): VersionViewColumn[] => {
    const physical = table.columns.find((each) => each.number === number)
    return physical === undefined ? [] : [desiredColumn(physical, column)]
  })
  const known = new Set(shown.map(({ number }) => number))
  // Until a batch is complete, what it replaces is there too, under the name that the application has for the new column.
  const taken = new Set(columns.map(({ name }) => name))
  const added = table.columns.filter(({ number, name }) => !known.has(number) && !taken.has(name) && !isInternal(name))
  return {
    name: table.name,
    table: table.name,
    columns: [...columns, ...added.map((column) => desiredColumn(column, undefined))],
    comment: table.comment,
    grants: table.grants.filter(({ grantee }) => grantee !== owner),
  }
}

// Until a batch is complete, the column behind a name of this version may have one that is ours; then the view knows better.
// After that the table has what was the version's own, and a default of the view would hide a later one of the table.
function desiredColumn(physical: ColumnState, shown: ColumnState | undefined): VersionViewColumn {
  const source = isInternal(physical.name) ? (shown ?? physical) : physical
  return {
    name: source.name,
    physical: physical.name,
    default: source === shown ? (shown.default ?? undefined) : undefined,
    comment: source.comment,
    grants: source.grants,
  }
}

/** A column of a view, and the number of the table's column behind it. */
interface ShownColumn {
  readonly number: number
  readonly column: ColumnState
}

function shownBefore(before: ViewsState | undefined, { table: id }: RelationState): ShownColumn[] {
  const view = before?.views.filter(isOwn).find(({ table }) => table === id)
  const table = before?.tables.find(({ table }) => table === id)
  return view === undefined || table === undefined ? [] : numbersOf(view, table)
}

// View and table as they were at the same moment: the definition has the names that the columns had then.
function numbersOf(view: ViewState, table: RelationState): ShownColumn[] {
  const physical = shownColumns(view.definition)?.columns ?? []
  return view.columns.flatMap((column, index) => {
    const behind = table.columns.find(({ name }) => name === physical[index])
    return behind === undefined ? [] : [{ number: behind.number, column }]
  })
}

// Whether CREATE OR REPLACE VIEW can make the one of the other: it appends columns and changes none.
function isContinued(view: ViewState, table: RelationState, desired: VersionView): boolean {
  const physical = shownColumns(view.definition)?.columns
  return view.columns.every(
    ({ name }, index) =>
      desired.columns[index]?.name === name && desired.columns[index]?.physical === physical?.[index],
  )
}

function mendView(schema: VersionSchema, view: ViewState, desired: VersionView, serverMajor: number): Sql[] {
  const name = id(schema.name, view.name)
  const appended = desired.columns.slice(view.columns.length)
  const replaced =
    appended.length === 0 ? [] : [sql`create or replace view ${name}${viewBody(schema.base, desired, serverMajor)}`]
  const own = view.grants.filter(({ grantee }) => grantee !== view.owner)
  return [
    ...replaced,
    ...grantChanges(name, own, desired.grants),
    ...desired.columns.flatMap((column, index) =>
      grantChanges(name, view.columns[index]?.grants ?? [], column.grants, sql` (${id(column.name)})`),
    ),
    ...view.columns.flatMap(({ name: column, default: own }, index) =>
      own === null || desired.columns[index]?.default !== undefined
        ? []
        : [sql`alter view ${name} alter column ${id(column)} drop default`],
    ),
    ...(view.comment === desired.comment ? [] : [commentOn(sql`view ${name}`, desired.comment)]),
    ...desired.columns.flatMap(({ name: column, comment }, index) =>
      (view.columns[index]?.comment ?? null) === comment
        ? []
        : [commentOn(sql`column ${id(schema.name, view.name, column)}`, comment)],
    ),
  ]
}

function commentOn(what: Sql, comment: string | null): Sql {
  return sql`comment on ${what} is ${literal(comment)}`
}

// Revoking first: taking away the right to pass something on, and giving the thing itself, is then one change like any other.
function grantChanges(what: Sql, actual: readonly Grant[], wanted: readonly Grant[], columns: Sql = sql``): Sql[] {
  const revoked = without(actual, wanted).map(
    ({ grantee, privileges }) =>
      sql`revoke ${join(privileges.map((privilege) => sql`${raw(privilege)}${columns}`))} on ${what} from ${role(grantee)}`,
  )
  if (revoked.length === 0) return grantStatements(what, without(wanted, actual), columns)
  return [...revoked, ...grantStatements(what, wanted, columns)]
}

function without(grants: readonly Grant[], others: readonly Grant[]): Grant[] {
  return grants
    .map((grant) => ({
      ...grant,
      privileges: grant.privileges.filter(
        (privilege) =>
          !others.some(
            ({ grantee, grantOption, privileges }) =>
              grantee === grant.grantee && grantOption === grant.grantOption && privileges.includes(privilege),
          ),
      ),
    }))
    .filter(({ privileges }) => privileges.length > 0)
}

// Somebody else's view may read one table too, but with a condition, or something computed.
function isOwn(view: ViewState): boolean {
  return shownColumns(view.definition) !== undefined
}

function isInternal(name: string): boolean {
  return name.startsWith('__metastore_')
}
