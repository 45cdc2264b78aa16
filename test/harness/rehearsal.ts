import {
  type Catalog,
  findColumn,
  findTable,
  introspect,
  type ObjectName,
  type Table,
} from '../../src/catalog/catalog.ts'
import { id, join, raw, type Session, sql, type Sql } from '../../src/database/database.ts'
import {
  carriedCollation,
  type CarriedOver,
  carryOver,
  type CarryOverInput,
  numberedDefault,
} from '../../src/migrations/batch/carry-over.ts'
import { columnDefinition } from '../../src/migrations/batch/definitions.ts'
import type { PhaseStep, StepBody, TableLock } from '../../src/migrations/batch/phase-step.ts'
import { loadParser } from '../../src/migrations/sql/parser.ts'
import type { Replacement } from '../../src/migrations/batch/carry-over/carrying.ts'

/** How one column is changed in a rehearsal. */
export interface ColumnChange {
  readonly type: string
  /** Its name afterwards, by default the one it has. */
  readonly to?: string
  /** The new value, by default the old one cast. */
  readonly up?: string
  readonly default?: string | null
}

/** What is rehearsed: the change of some columns of a table. */
export interface Rehearsal extends Partial<Omit<CarryOverInput, 'table' | 'replaced' | 'catalog'>> {
  readonly table: ObjectName
  readonly columns: Readonly<Record<string, ColumnChange>>
}

/** For tests: what a batch does with columns that are replaced, done by hand around what is carried over. */
export interface Rehearsed {
  readonly before: Catalog
  readonly table: Table
  readonly carried: CarriedOver
  readonly replaced: ReadonlyMap<string, Replacement>
  readonly renames: ReadonlyMap<string, string>
}

/** For tests: plans the change on the catalog as it stands. */
export async function plan(session: Session, serverMajor: number, rehearsal: Rehearsal): Promise<Rehearsed> {
  const before = await introspect(session, 'postgres')
  const table = findTable(before, rehearsal.table)
  if (table === undefined) throw new Error(`There is no table ${rehearsal.table.name}.`)
  const replaced = new Map(
    Object.entries(rehearsal.columns).map(([name, change]): [string, Replacement] => [
      name,
      {
        physical: `__metastore_new_${name}`,
        finalName: change.to ?? name,
        type: change.type,
        nullable: findColumn(table, name)?.nullable ?? true,
        default: change.default,
      },
    ]),
  )
  const input: CarryOverInput = {
    base: 'app',
    target: '1_change',
    serverMajor,
    parser: await loadParser(),
    columnRenames: new Map(),
    removedConstraints: new Set(),
    removedIndexes: new Set(),
    ...rehearsal,
    catalog: before,
    table,
    replaced,
  }
  const [carried] = carryOver([input])
  if (carried === undefined) throw new Error('Nothing is carried over.')
  return { before, table, carried, replaced, renames: rehearsal.columnRenames ?? new Map<string, string>() }
}

/** For tests: adds the new columns and fills them. */
export async function expand(session: Session, { columns }: Rehearsal, rehearsed: Rehearsed): Promise<void> {
  const { table, replaced, carried, before } = rehearsed
  const parser = await loadParser()
  const name = id(table.schema, table.name)
  for (const [old, { physical, type }] of replaced) {
    const column = findColumn(table, old)
    const change = columns[old]
    if (column === undefined || change === undefined) throw new Error(`There is no column ${old}.`)
    const numbered = numberedDefault(column) !== null
    const definition = columnDefinition({
      name: physical,
      type,
      collation: carriedCollation(column, type, parser, before),
      default: change.default === undefined ? (numbered ? null : column.default) : change.default,
    })
    await session.query(sql`alter table ${name} add column ${definition}`)
    await session.query(
      sql`update ${name} set ${id(physical)} = ${change.up === undefined ? sql`${id(old)}::${raw(type)}` : raw(change.up)}`,
    )
  }
  for (const statement of carried.columnSetup) await session.query(statement)
}

/** For tests: runs steps one after another. */
export async function runSteps(session: Session, steps: readonly PhaseStep[]): Promise<void> {
  for (const { body } of steps) await runBody(session, body)
}

/** For tests: takes steps back, the last one first; each twice, since an undo has to be repeatable. */
export async function undoSteps(session: Session, steps: readonly PhaseStep[]): Promise<void> {
  for (const { undo } of steps.toReversed()) {
    for (const body of [...undo, ...undo]) await runBody(session, body)
  }
}

/** For tests: the swap of tables, with the old columns dropped, NOT NULL set and names given in between. */
export async function swap(session: Session, all: readonly Rehearsed[], serverMajor: number): Promise<void> {
  await runSteps(
    session,
    all.flatMap(({ carried }) => carried.release),
  )
  const own = all.map(({ table }): TableLock => ({ schema: table.schema, name: table.name, mode: 'access exclusive' }))
  const others = all.flatMap(({ carried }) => carried.swap.locks)
  await runTransaction(
    session,
    [...own, ...others],
    [
      ...all.flatMap(({ carried }) => carried.swap.before),
      ...all.flatMap((rehearsed) => columnSwap(rehearsed, serverMajor)),
      ...all.flatMap(({ carried }) => carried.swap.after),
    ],
  )
}

function columnSwap({ table, replaced, renames }: Rehearsed, serverMajor: number): readonly Sql[] {
  const alter = (change: Sql) => sql`alter table ${id(table.schema, table.name)} ${change}`
  const notNull = ([old, { physical, nullable }]: [string, Replacement]): Sql[] => {
    if (nullable) return []
    const constraint = table.constraints.find((each) => each.kind === 'not_null' && each.column === old)
    return serverMajor >= 18 && constraint !== undefined
      ? [alter(sql`add constraint ${id(constraint.name)} not null ${id(physical)}`)]
      : [alter(sql`alter column ${id(physical)} set not null`)]
  }
  return [
    ...[...replaced.keys()].map((old) => alter(sql`drop column ${id(old)}`)),
    ...[...replaced].flatMap(notNull),
    ...[...renames].map(([from, to]) => alter(sql`rename column ${id(from)} to ${id(to)}`)),
    ...[...replaced.values()].map(({ physical, finalName }) =>
      alter(sql`rename column ${id(physical)} to ${id(finalName)}`),
    ),
  ]
}

/** For tests: all of it. */
export async function rehearse(session: Session, serverMajor: number, rehearsal: Rehearsal): Promise<Rehearsed> {
  const rehearsed = await plan(session, serverMajor, rehearsal)
  await expand(session, rehearsal, rehearsed)
  await runSteps(session, [...rehearsed.carried.build, ...rehearsed.carried.keys, ...rehearsed.carried.prepare])
  await swap(session, [rehearsed], serverMajor)
  return rehearsed
}

/** For tests: a catalog without what a swap cannot keep, the places of columns. */
export function withoutOrder(catalog: Catalog): Catalog {
  const sorted = <Item extends { readonly name: string }>(items: readonly Item[]) =>
    items.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return {
    ...catalog,
    tables: catalog.tables.map((table) => ({
      ...table,
      columns: sorted(table.columns),
      constraints: table.constraints.map((constraint) =>
        constraint.kind === 'check' ? { ...constraint, columns: constraint.columns.toSorted() } : constraint,
      ),
    })),
  }
}

async function runBody(session: Session, body: StepBody): Promise<void> {
  switch (body.kind) {
    case 'transaction':
      return runTransaction(session, body.locks, body.statements)
    case 'build_index': {
      const how = body.partitioned ? raw('') : raw(' concurrently')
      const on = id(body.schema, body.table)
      const what = sql`create${raw(body.unique ? ' unique' : '')} index${how} ${id(body.internalName)}`
      await session.query(sql`${what} on ${on} ${body.definition}`)
      return
    }
    case 'drop_index':
      await session.query(sql`drop index if exists ${id(body.schema, body.name)}`)
      return
    default:
      throw new Error(`Nothing is carried over by a step of kind ${body.kind}.`)
  }
}

function runTransaction(session: Session, locks: readonly TableLock[], statements: readonly Sql[]): Promise<void> {
  return session.transaction(async (tx) => {
    for (const mode of new Set(locks.map((lock) => lock.mode))) {
      const relations = locks.filter((lock) => lock.mode === mode).map(({ schema, name }) => id(schema, name))
      await tx.query(sql`lock table ${join(relations)} in ${raw(mode)} mode`)
    }
    for (const statement of statements) await tx.query(statement)
  })
}
