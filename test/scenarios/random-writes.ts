import { quoted, valueOf, type Choose, type RandomColumn, type RandomTable } from './random-tables.ts'

/** Which version of the application writes. */
export type Side = 'old' | 'new'

/** A statement of one version that must not fail. */
export interface RandomWrite {
  readonly side: Side
  readonly text: string
}

const nameOf = (side: Side, one: RandomTable | RandomColumn) => (side === 'old' ? one.oldName : one.newName)

/** A legal statement of one of these versions; `number` is one that no other statement has. Undefined where there is none. */
export function randomWrite(
  tables: readonly RandomTable[],
  sides: readonly Side[],
  number: number,
  choose: Choose,
): RandomWrite | undefined {
  const side = sides[choose(sides.length)] ?? 'old'
  const there = tables.filter((table) => nameOf(side, table) !== null)
  const table = there[choose(there.length)]
  if (table === undefined) return undefined
  const kind = choose(5)
  if (kind < 2) return { side, text: insert(tables, table, side, number, choose) }
  if (kind === 2) return { side, text: `delete from ${from(table, side)} where ${someRow(table, side, choose)}` }
  const columns = table.columns.slice(1).filter((column) => nameOf(side, column) !== null)
  const changed = columns.filter(() => choose(2) === 0)
  const first = columns[choose(Math.max(columns.length, 1))]
  if (first === undefined) return undefined
  const list = (changed.length === 0 ? [first] : changed).map(
    (column) => `${quoted(nameOf(side, column) ?? '')} = ${value(tables, column, side, number, choose)}`,
  )
  return { side, text: `update ${from(table, side)} set ${list.join(', ')} where ${someRow(table, side, choose)}` }
}

function from(table: RandomTable, side: Side): string {
  return quoted(nameOf(side, table) ?? '')
}

function someRow(table: RandomTable, side: Side, choose: Choose): string {
  const key = quoted((table.columns[0] && nameOf(side, table.columns[0])) ?? '')
  return `${key} = (select ${key} from ${from(table, side)} order by ${key} offset ${choose(4)} limit 1)`
}

function insert(
  tables: readonly RandomTable[],
  table: RandomTable,
  side: Side,
  number: number,
  choose: Choose,
): string {
  const given = table.columns.filter((column, place) => {
    if (nameOf(side, column) === null) return false
    if (place === 0) return !column.numbered
    const nullable = side === 'old' ? column.oldNullable : column.newNullable
    const value = side === 'old' ? column.oldDefault : column.newDefault
    return !(nullable || value !== null) || choose(3) > 0
  })
  if (given.length === 0) return `insert into ${from(table, side)} default values`
  const names = given.map((column) => quoted(nameOf(side, column) ?? ''))
  const values = given.map((column) => value(tables, column, side, number, choose))
  return `insert into ${from(table, side)} (${names.join(', ')}) values (${values.join(', ')})`
}

function value(
  tables: readonly RandomTable[],
  column: RandomColumn,
  side: Side,
  number: number,
  choose: Choose,
): string {
  const nullable = side === 'old' ? column.oldNullable : column.newNullable
  if (nullable && !column.distinct && choose(4) === 0) return 'null'
  if (column.refersTo !== null) {
    const parent = tables[column.refersTo]
    const name = parent === undefined ? null : nameOf(side, parent)
    const key = parent?.columns[0]
    if (name === null || key === undefined) return 'null'
    const path = quoted(nameOf(side, key) ?? '')
    return `(select ${path} from ${quoted(name)} order by ${path} offset ${choose(3)} limit 1)`
  }
  const written = column.distinct ? valueOf(column.kind, 1000 + number) : valueOf(column.kind, choose(20))
  if (side === 'old' || column.oldName === null) return written
  // The version's schema alone is in the path, and types are not in it.
  return column.forward.replaceAll('$', column.kind === 'mood' ? written : `${written}::${column.kind}`)
}

/** A query of the rows by which the versions differ although they must not, where both have the table. */
export function apart(table: RandomTable, [old, next]: readonly [string, string]): string | undefined {
  const [key] = table.columns
  if (table.oldName === null || table.newName === null || key?.oldName == null || key.newName === null) return undefined
  const path = (row: string, name: string | null) => `${row}.${quoted(name ?? '')}`
  const forward = (column: RandomColumn) => column.forward.replaceAll('$', path('o', column.oldName))
  const differing = table.columns.flatMap((column) => {
    if (column.oldName === null || column.newName === null) return []
    const [was, is] = [path('o', column.oldName), path('n', column.newName)]
    if (column.substitute === null) return [`${is}::text is distinct from (${forward(column)})::text`]
    const other = column.substitute
    return [
      column.newNullable
        ? `${was}::text is distinct from coalesce(${is}, ${other})::text`
        : `${is}::text is distinct from coalesce(${was}, ${other})::text`,
    ]
  })
  return `
    select to_jsonb(o) as old, to_jsonb(n) as new
    from ${quoted(old)}.${quoted(table.oldName)} as o full join ${quoted(next)}.${quoted(table.newName)} as n
    on (${forward(key)})::text = ${path('n', key.newName)}::text
    where ${[`${path('o', key.oldName)} is null`, `${path('n', key.newName)} is null`, ...differing].join('\n or ')}`
}
