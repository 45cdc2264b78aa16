import { describe, expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { campaign } from '../../test/harness/campaign.ts'
import { engines } from '../../test/harness/engines.ts'
import { id, join, openDatabase, raw, type Sql, sql } from '../database/database.ts'
import { introspect, type Table } from './catalog.ts'

/** A table as it is thought up, before it is SQL. */
interface Description {
  readonly name: string
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly nullable: boolean
    readonly default: boolean
  }[]
  /** Numbers are of columns. */
  readonly key: readonly number[]
  readonly unique: readonly { readonly columns: readonly number[] }[]
  readonly checks: readonly { readonly column: number }[]
  readonly indexes: readonly {
    readonly columns: readonly number[]
    readonly unique: boolean
    readonly descending: boolean
    readonly partial: boolean
  }[]
  readonly reference: { readonly onDelete: 'cascade' | 'set null' | 'restrict' | 'no action' } | null
}

// Names in which every character that could end a quotation, a statement or a pattern occurs.
const name = fc
  .string({
    unit: fc.constantFrom('a', 'B', '"', "'", '\\', ' ', '.', ',', '(', ')', ';', '-', '%', '_', 'é', '😀'),
    minLength: 1,
    maxLength: 12,
  })
  .filter((text) => !/^(metastore|sqlite)_/i.test(text))
const types = ['integer', 'text', 'bigint']
const columns = fc.uniqueArray(
  fc.record({ name, type: fc.constantFrom(...types), nullable: fc.boolean(), default: fc.boolean() }),
  { minLength: 1, maxLength: 5, selector: (column) => column.name.toLowerCase() },
)
const description: fc.Arbitrary<Description> = fc.record({ name, columns }).chain(({ name, columns }) => {
  const number = fc.nat({ max: columns.length - 1 })
  const list = fc.uniqueArray(number, { minLength: 1, maxLength: 3 })
  const distinct = (value: { readonly columns: readonly number[] }) => value.columns.join()
  const parts = fc.record({
    name: fc.constant(name),
    columns: fc.constant(columns),
    key: list,
    unique: fc.uniqueArray(fc.record({ columns: list }), { maxLength: 2, selector: distinct }),
    checks: fc.array(fc.record({ column: number }), { maxLength: 2 }),
    indexes: fc.array(
      fc.record({ columns: list, unique: fc.boolean(), descending: fc.boolean(), partial: fc.boolean() }),
      { maxLength: 3 },
    ),
    reference: fc.option(
      fc.record({ onDelete: fc.constantFrom('cascade', 'set null', 'restrict', 'no action') } as const),
    ),
  })
  // PostgreSQL makes one of a primary key and a unique constraint on the same columns.
  return parts.map((table) => ({
    ...table,
    unique: table.unique.filter((each) => each.columns.join() !== table.key.join()),
  }))
})

describe.each(engines)('On $name', (engine) => {
  test('random tables come back as they were described', async () => {
    await using database = await openDatabase(await engine.freshUrl())
    await using session = await database.session()
    const rollBack = new Error('not to be kept')
    const tables = fc.uniqueArray(description, {
      minLength: 1,
      maxLength: 8,
      selector: ({ name }) => name.toLowerCase(),
    })
    await fc.assert(
      fc.asyncProperty(tables, async (wanted) => {
        const work = session.transaction(async (tx) => {
          for (const [number, table] of wanted.entries()) {
            for (const statement of create(table, `t${number}`)) await tx.query(statement)
          }
          const catalog = await introspect(tx, database.dialect)
          const found = wanted.map(({ name }) => catalog.tables.find((table) => table.name === name))
          expect(found.map((table) => table && describeTable(table))).toEqual(
            wanted.map((table, number) => expected(table, `t${number}`, database.dialect === 'postgres')),
          )
          throw rollBack
        })
        await work.catch((error: unknown) => {
          if (error !== rollBack) throw error
        })
      }),
      { numRuns: campaign ? 500 : 20 },
    )
  })
})

function create(table: Description, prefix: string): Sql[] {
  const column = (number: number): Sql => id(table.columns[number]!.name)
  const list = (numbers: readonly number[]): Sql => join(numbers.map(column))
  const items = [
    ...table.columns.map(
      (each) =>
        sql`${id(each.name)} ${raw(each.type)}${each.nullable ? sql`` : sql` not null`}${each.default ? sql` default 1` : sql``}`,
    ),
    sql`constraint ${id(`${prefix} key`)} primary key (${list(table.key)})`,
    ...table.unique.map(
      ({ columns }, place) => sql`constraint ${id(`${prefix} unique ${place}`)} unique (${list(columns)})`,
    ),
    ...table.checks.map(
      (each, place) => sql`constraint ${id(`${prefix} check ${place}`)} check (${column(each.column)} is not null)`,
    ),
    ...(table.reference && table.key.length === 1
      ? [
          sql`constraint ${id(`${prefix} reference`)} foreign key (${list(table.key)}) references ${id(table.name)} (${list(table.key)})
            on delete ${raw(table.reference.onDelete)}`,
        ]
      : []),
  ]
  return [
    sql`create table ${id(table.name)} (${join(items)})`,
    ...table.indexes.map((each, place) => {
      const keys = each.columns.map((number) => (each.descending ? sql`${column(number)} desc` : column(number)))
      const where = each.partial ? sql` where ${column(each.columns[0]!)} is not null` : sql``
      return sql`create ${each.unique ? sql`unique ` : sql``}index ${id(`${prefix} index ${place}`)} on ${id(table.name)} (${join(keys)})${where}`
    }),
  ]
}

/** What was described, in the terms of the catalog. */
function expected(table: Description, prefix: string, postgres: boolean) {
  const names = (numbers: readonly number[]) => numbers.map((number) => table.columns[number]!.name)
  const rowId = table.key.length === 1 && table.columns[table.key[0]!]!.type === 'integer'
  return {
    columns: table.columns.map((each, number) => ({
      name: each.name,
      type: each.type,
      // Only on SQLite are there primary keys with nulls in them.
      nullable: each.nullable && !(table.key.includes(number) && (postgres || rowId)),
      default: each.default ? '1' : null,
    })),
    constraints: [
      ...table.checks.map((_, place) => [`${prefix} check ${place}`, 'check', null, null]),
      [`${prefix} key`, 'primary_key', names(table.key), null],
      ...(table.reference && table.key.length === 1
        ? [[`${prefix} reference`, 'foreign_key', names(table.key), table.reference.onDelete.replace(' ', '_')]]
        : []),
      ...table.unique.map(({ columns }, place) => [`${prefix} unique ${place}`, 'unique', names(columns), null]),
    ],
    indexes: table.indexes.map((each, place) => ({
      name: `${prefix} index ${place}`,
      unique: each.unique,
      keys: names(each.columns).map((column) => [column, each.descending ? 'desc' : 'asc']),
      partial: each.partial,
    })),
  }
}

function describeTable(table: Table) {
  return {
    columns: table.columns.map(({ name, type, nullable, default: value }) => ({
      name,
      type: type.toLowerCase(),
      nullable,
      default: value,
    })),
    constraints: table.constraints
      .filter(({ kind }) => kind !== 'not_null')
      .map((each) => [
        each.name,
        each.kind,
        'columns' in each && each.kind !== 'check' ? each.columns : null,
        each.kind === 'foreign_key' ? each.onDelete : null,
      ]),
    indexes: table.indexes
      .filter(({ constraint }) => constraint === null)
      .map(({ name, unique, keys, predicate }) => ({
        name,
        unique,
        keys: keys.map((key) => [key.kind === 'column' ? key.column : '', key.order]),
        partial: predicate !== null,
      })),
  }
}
