import { id, join, raw, sql, type Sql } from '../../database/database.ts'
import type { RowScope } from '../batch/row-scope.ts'
import { castType } from './cast-type.ts'
import type { Binding } from './preflight-plan.ts'
import type { Scratch } from './scratch.ts'

/** What makes the server analyse a binding and evaluate nothing of it. */
export interface BindingStatement {
  /** What has to be there first, besides the scratch schemas. */
  readonly setup: readonly Sql[]
  readonly statement: Sql
  /** Where the binding's text begins in the statement, in UTF-16 code units. */
  readonly start: number
}

/**
 * The statement that binds an expression as the place that it is for would. `prepared` is the name of the prepared statement
 * that it may leave: PREPARE analyses and does not plan, so that not even constants are computed (PostgreSQL manual, PREPARE).
 */
export function bindingStatement(binding: Binding, scratch: Scratch, prepared: string): BindingStatement {
  const { kind, rows, type } = binding
  const [row = { alias: 'row', columns: [] }] = rows
  const own = id(scratch.rows, row.alias)
  const column = id(newColumn(rows))
  const target = id(scratch.rows, newColumn(rows))
  const prepare = sql`prepare ${id(prepared)} as`
  switch (kind) {
    case 'value':
      if (type === null) return around(binding, [], sql`${prepare} select (`, sql`)${fromRows(rows)}`)
      return around(
        binding,
        [sql`create table ${target} (${column} ${raw(type)})`],
        sql`${prepare} update ${target} as __metastore_target set ${column} = (`,
        sql`)${fromRows(rows)}`,
      )
    case 'condition':
      return around(binding, [], sql`${prepare} select${fromRows(rows)} where (`, sql`)`)
    case 'query':
      return bindQuery(binding, scratch, prepare)
    case 'default':
      return around(
        binding,
        [sql`create table ${target} (${column} ${raw(type ?? 'text')})`],
        sql`alter table ${target} alter column ${column} set default (`,
        sql`)`,
      )
    case 'type':
      return around(binding, [], sql`create table ${target} (${column} `, sql`)`)
    case 'check':
      return around(binding, [createRow(own, row)], sql`alter table ${own} add check (`, sql`) not valid`)
    case 'generated':
      return around(
        binding,
        [createRow(own, row)],
        sql`alter table ${own} add column ${column} ${raw(type ?? 'text')} generated always as (`,
        sql`) stored`,
      )
    case 'index_key':
      return around(binding, [createRow(own, row)], sql`create index on ${own} ((`, sql`))`)
    case 'index_condition':
      return around(binding, [createRow(own, row)], sql`create index on ${own} ((1)) where (`, sql`)`)
    case 'index':
      // Its text is not as the file has it, so there is no place in it to point at.
      return {
        ...around(binding, [createRow(own, row)], sql`create index on ${own} `, sql``),
        start: Number.POSITIVE_INFINITY,
      }
    case 'foreign_key':
      return bindForeignKey(binding, scratch)
  }
}

/**
 * The expression over rows of which the planner knows nothing but the types, for EXPLAIN. OFFSET 0 keeps the planner from
 * putting the nulls in their place, with which every condition on them would be false.
 */
export function costStatement({ text, rows }: Binding): Sql {
  const offset = sql` offset 0`
  return sql`explain (verbose, format json) select (${raw(text)}${newLine})${fromRows(rows, offset)}`
}

function bindForeignKey({ rows }: Binding, scratch: Scratch): BindingStatement {
  const [own, theirs] = rows
  if (own === undefined || theirs === undefined) throw new RangeError('A foreign key is between two rows.')
  // One table may refer to itself, so they are not called as they are.
  const [referring, referenced] = [id(scratch.rows, 'referring'), id(scratch.rows, 'referenced')]
  const names = ({ columns }: RowScope) => join(columns.map(({ name }) => id(name)))
  return {
    setup: [
      createRow(referring, own),
      createRow(referenced, theirs),
      sql`alter table ${referenced} add unique (${names(theirs)})`,
    ],
    statement: sql`alter table ${referring} add foreign key (${names(own)}) references ${referenced} (${names(theirs)})`,
    start: 0,
  }
}

function bindQuery(binding: Binding, scratch: Scratch, prepare: Sql): BindingStatement {
  const { rows, type, keys = [] } = binding
  const column = id(newColumn(rows))
  const target = id(scratch.rows, newColumn(rows))
  // In a sub-select, where nothing can be written.
  const after = sql`) as query${keys.length === 0 ? sql`` : sql` where (${join(keys.map((key) => id('query', key)))}) is null`}`
  if (type === null) return around(binding, [], sql`${prepare} select from (`, after)
  return around(
    binding,
    [sql`create table ${target} (${column} ${raw(type)})`],
    sql`${prepare} update ${target} as __metastore_target set ${column} = query.value from (`,
    after,
  )
}

// A text may end with a comment, so what follows it stands on a line of its own.
const newLine = raw('\n')

function around(binding: Binding, setup: readonly Sql[], before: Sql, after: Sql): BindingStatement {
  const statement = join([before, raw(binding.text), newLine, after], '')
  return { setup, statement, start: before.inline('postgres').length }
}

// Its name stands in the server's messages, and must not be one that the expression can mean.
function newColumn(rows: readonly RowScope[]): string {
  let name = 'new value'
  while (rows.some(({ alias, columns }) => alias === name || columns.some((column) => column.name === name)))
    name += '_'
  return name
}

function fromRows(rows: readonly RowScope[], end: Sql = sql``): Sql {
  if (rows.length === 0) return sql``
  const selects = rows.map(({ alias, columns }) => {
    const nulls = columns.map(({ name, type }) => sql`null::${castType(type)} as ${id(name)}`)
    return sql`(select ${join(nulls)}${end}) as ${id(alias)}`
  })
  return sql` from ${join(selects)}`
}

function createRow(table: Sql, { columns }: RowScope): Sql {
  return sql`create table ${table} (${join(columns.map(({ name, type }) => sql`${id(name)} ${castType(type)}`))})`
}
