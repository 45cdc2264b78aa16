import { id, sql, type Sql } from '../../database/database.ts'
import { parkedName } from '../actions/remove-table.ts'
import { removedName } from '../actions/remove-column.ts'
import type { SyncObjects } from '../sync/compile-sync.ts'
import type { CarriedOver } from './carry-over.ts'
import { alterTable, lockOf, tableId, type Draft, type DraftTable } from './draft.ts'
import type { PhaseStep, TableLock } from './phase-step.ts'
import { planRenames } from './renames.ts'

/** What the swap of one table is made of, beside what its draft says. */
export interface TableSwap {
  readonly table: DraftTable
  readonly sync: SyncObjects | undefined
  readonly carried: CarriedOver | undefined
}

/**
 * One transaction for each group of tables that depend on each other: triggers go, temporary columns take their places.
 * Nobody sees anything between, and prepared statements go on working.
 */
export function compileSwaps(draft: Draft, swaps: readonly TableSwap[]): PhaseStep[] {
  const unused = draft.typeSwaps.filter(({ tables }) => tables.length === 0)
  return [
    ...groupsOf(draft, swaps).flatMap((group) => compileGroup(draft, group)),
    ...unused.map(({ statements }, place): PhaseStep => ({
      key: `swap/type/${place}`,
      migration: null,
      label: 'put the new type in place',
      body: { kind: 'transaction', locks: [], statements },
      undo: [],
    })),
  ]
}

function compileGroup(draft: Draft, group: readonly TableSwap[]): PhaseStep[] {
  {
    const statements = swapStatements(draft, group)
    if (statements.length === 0) return []
    const names = group.map(({ table }) => table.name)
    return [
      {
        key: `swap/${group.map(({ table }) => table.physical).join(',')}`,
        migration: null,
        label: `put the new columns of ${names.join(', ')} in place`,
        body: { kind: 'transaction', locks: locksOf(draft, group), statements },
        undo: [],
      },
    ]
  }
}

function locksOf(draft: Draft, group: readonly TableSwap[]): TableLock[] {
  const own = new Set(group.flatMap(({ table }) => [table.physical, ...table.swapWith]))
  const views = new Map(
    group.flatMap(({ table }) => (changesView(draft, table) ? [[table.physical, table.name] as const] : [])),
  )
  const others = group.flatMap(({ carried }) => carried?.swap.locks ?? [])
  return [
    ...[...own].map((physical) => {
      const name = views.get(physical)
      const lock = lockOf(draft, physical)
      return name === undefined ? lock : { ...lock, view: { schema: draft.newSchema, name } }
    }),
    ...others.filter(({ name, schema }) => schema !== draft.base || !own.has(name)),
  ]
}

// Where the table could not have a default yet, its view had it, and gives it back.
function changesView(draft: Draft, table: DraftTable): boolean {
  return !draft.removed.includes(table) && table.columns.some(({ viewDefault }) => viewDefault !== null)
}

function swapStatements(draft: Draft, group: readonly TableSwap[]): Sql[] {
  const physical = new Set(group.map(({ table }) => table.physical))
  const types = draft.typeSwaps.filter(({ tables }) => tables.some((table) => physical.has(table.physical)))
  return [
    // Whatever was put off since that was looked into; the statements below would lose it.
    ...group.flatMap(({ sync }) => sync?.putOff?.refuse ?? []),
    ...group.flatMap(({ sync }) => sync?.drop ?? []),
    ...group.flatMap(({ table }) => (draft.removed.includes(table) ? [] : releaseRemoved(draft, table))),
    ...group.flatMap(({ carried }) => carried?.swap.before ?? []),
    ...group.flatMap(({ table }) => (draft.removed.includes(table) ? [] : swapColumns(draft, table))),
    ...group.flatMap(({ table, carried }) => [
      ...(carried?.swap.after ?? []),
      ...(draft.removed.includes(table) ? [] : table.atSwap.flatMap((statements) => statements())),
    ]),
    ...types.flatMap(({ statements }) => statements),
    ...renameTables(draft, group),
  ]
}

// New sessions never give a value to what is removed for them.
function releaseRemoved(draft: Draft, table: DraftTable): Sql[] {
  return table.removedColumns
    .filter(({ nullable, default: value, original }) => !nullable && value === null && original?.identity == null)
    .map(({ physical }) => alterTable(draft, table, sql`alter column ${id(physical)} drop not null`))
}

function swapColumns(draft: Draft, table: DraftTable): Sql[] {
  const all = [...table.columns, ...table.removedColumns]
  const replaced = all.flatMap(({ original, physical }) =>
    original !== null && original.name !== physical ? [original.name] : [],
  )
  const dropped = [...new Set([...replaced, ...table.spentColumns])]
  const dropping = dropped.map((name) => alterTable(draft, table, sql`drop column if exists ${id(name)}`))
  const kept = all.filter(({ physical }) => !dropped.includes(physical))
  const renames = [
    ...table.removedColumns.map((column) => ({ from: column.physical, to: removedName(table, column) })),
    ...table.columns.map(({ physical, name }) => ({ from: physical, to: name })),
  ]
  return [
    ...dropping,
    ...table.guards
      .filter(({ column }) => !dropped.includes(column))
      .flatMap((guard) => [
        ...becomeNotNull(draft, table, guard.column, guard.final()),
        alterTable(draft, table, sql`drop constraint ${id(guard.name)}`),
      ]),
    ...planRenames(
      kept.map(({ physical }) => physical),
      renames,
    ).map(({ from, to }) => alterTable(draft, table, sql`rename column ${id(from)} to ${id(to)}`)),
  ]
}

// The validated check spares the scan (PostgreSQL manual, ALTER TABLE, SET NOT NULL); from 18 on the constraint has a name.
function becomeNotNull(draft: Draft, table: DraftTable, column: string, name: string): Sql[] {
  return draft.input.serverMajor >= 18
    ? [alterTable(draft, table, sql`add constraint ${id(name)} not null ${id(column)}`)]
    : [alterTable(draft, table, sql`alter column ${id(column)} set not null`)]
}

function renameTables(draft: Draft, group: readonly TableSwap[]): Sql[] {
  const renames = group.map(({ table }) => ({
    from: table.physical,
    to: draft.removed.includes(table)
      ? draft.tables.some(({ name }) => name === table.physical)
        ? parkedName(table)
        : table.physical
      : table.name,
  }))
  return planRenames(
    group.map(({ table }) => table.physical),
    renames,
  ).map(({ from, to }) => sql`alter table ${tableId(draft, { physical: from })} rename to ${id(to)}`)
}

/** Tables that have to be swapped together: rules lead from one to the other, or one takes the other's name. */
function groupsOf(draft: Draft, swaps: readonly TableSwap[]): TableSwap[][] {
  const groups = new Map<string, Set<string>>()
  for (const { table } of swaps) groups.set(table.physical, new Set([table.physical]))
  const unite = (a: string, b: string) => {
    const first = groups.get(a)
    const second = groups.get(b)
    if (first === undefined || second === undefined || first === second) return
    for (const name of second) {
      first.add(name)
      groups.set(name, first)
    }
  }
  for (const rule of draft.rules) {
    if (rule.kind === 'lookup' || rule.kind === 'derive') unite(rule.table, rule.source.table)
  }
  for (const { table, carried } of swaps) {
    for (const other of table.swapWith) unite(table.physical, other)
    for (const { name, schema } of carried?.swap.locks ?? []) if (schema === draft.base) unite(table.physical, name)
    if (table.name !== table.physical) unite(table.physical, table.name)
  }
  for (const { tables } of draft.typeSwaps) {
    const [first, ...others] = tables
    for (const other of others) if (first !== undefined) unite(first.physical, other.physical)
  }
  return [...new Set(groups.values())].map((names) => swaps.filter(({ table }) => names.has(table.physical)))
}
