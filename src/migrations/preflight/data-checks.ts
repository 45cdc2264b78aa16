import { id, join, sql, type Sql } from '../../database/database.ts'
import { problemAt } from '../problems.ts'
import {
  aliasOf,
  allOf,
  type CheckedTable,
  type CheckedValue,
  type CheckOrigin,
  type KeyedTable,
  listed,
  rowsCheck,
  selectKey,
  tableName,
  tableSource,
} from './checked-rows.ts'
import type { DataCheck } from './preflight-plan.ts'

/** What a unique index or constraint asks of the rows. */
export interface DuplicatesCheck extends CheckedTable, CheckOrigin {
  readonly keys: readonly CheckedValue[]
  /** The condition of a partial index, over a row as it is. */
  readonly where?: Sql | null | undefined
  /** Whether nulls are equal to each other; they are not by default. */
  readonly nullsNotDistinct?: boolean | undefined
}

/** What a foreign key asks of the rows. */
export interface OrphansCheck extends KeyedTable, CheckOrigin {
  readonly columns: readonly CheckedValue[]
  /** Its columns in the order of those that refer to them. */
  readonly referenced: CheckedTable & { readonly columns: readonly CheckedValue[] }
}

/** What NOT NULL asks of the rows. */
export interface NullsCheck extends KeyedTable, CheckOrigin {
  readonly column: CheckedValue
}

/** What a check constraint asks of the rows. */
export interface ViolationsCheck extends KeyedTable, CheckOrigin {
  /** The constraint's expression over a row as it is; as for PostgreSQL, null is no violation. */
  readonly expression: Sql
}

/** What rewriting a table under an exclusive lock asks of its size. */
export interface SizeCheck extends CheckedTable, CheckOrigin {
  /** How many rows may be rewritten while everybody waits; 10,000 by default. */
  readonly limit?: number | undefined
}

/** Rows that a unique index would not let stand beside each other: how many, and never their values. */
export function duplicatesCheck(check: DuplicatesCheck): DataCheck {
  const { keys, where, nullsNotDistinct = false, label, place } = check
  const names = keys.map((_, index) => id(`key_${index + 1}`))
  const values = join(keys.map(({ value }, index) => sql`(${value}) as ${id(`key_${index + 1}`)}`))
  const partial = where ? sql` where (${where})` : sql``
  const notNull = nullsNotDistinct ? sql`` : sql` where ${allOf(names.map((name) => sql`${name} is not null`))}`
  const groups = sql`
    select ${join(names)}, count(*) as rows
    from (select ${values} from ${tableSource(check)}${partial}) as keys${notNull}
    group by ${join(names)}
    having count(*) > 1`
  return {
    label,
    query: sql`
      select count(*)::text as groups, sum(rows)::text as rows
      from (${groups}) as duplicates
      having count(*) > 0`,
    problem([found]) {
      const inGroups = found?.['groups'] === '1' ? '' : `, in ${String(found?.['groups'])} groups`
      return problemAt(place, 0, {
        code: 'data_conflict',
        message: `The ${label} cannot be made: ${String(found?.['rows'])} rows of table ${tableName(check)} have the same ${listed(keys)} as another one${inGroups}.`,
        remedy: 'Change or delete rows until each value is there once, then run the same command again.',
        details: ['Found by:', ...groups.inline('postgres').split('\n')],
      })
    },
  }
}

/** Rows that refer to a row that is not there. */
export function orphansCheck(check: OrphansCheck): DataCheck {
  const { columns, referenced, label } = check
  const named = ({ value }: CheckedValue, index: number) => sql`(${value}) as ${id(`__metastore_${index + 1}`)}`
  const names = columns.map((_, index) => id(`__metastore_${index + 1}`))
  const key = check.key.map((column) => id(aliasOf(check), column))
  const target = `${listed(referenced.columns)} of table ${tableName(referenced)}`
  return rowsCheck(check, {
    // Each table in a sub-select, so that no name can mean a column of the other one.
    query: sql`
      select ${selectKey('child', check.key)}
      from (select ${join([...key, ...columns.map(named)])} from ${tableSource(check)}) as child
      where ${allOf(names.map((name) => sql`child.${name} is not null`))}
        and not exists (
          select from (select ${join(referenced.columns.map(named))} from ${tableSource(referenced)}) as parent
          where ${allOf(names.map((name) => sql`parent.${name} = child.${name}`))})`,
    message: (rows, one) =>
      `The ${label} cannot be added: ${rows} ${one ? 'has' : 'have'} a ${listed(columns)} that is no ${target}.`,
    remedy: 'Correct or delete these rows, or add those that they refer to, then run the same command again.',
  })
}

/** Rows that hold null where none may be. */
export function nullsCheck(check: NullsCheck): DataCheck {
  return rowsCheck(check, {
    query: sql`
      select ${selectKey(aliasOf(check), check.key)}
      from ${tableSource(check)}
      where (${check.column.value}) is null`,
    message: (rows, one) =>
      `Column ${check.column.name} cannot be NOT NULL: ${rows} ${one ? 'has' : 'have'} no value in it.`,
    remedy: 'Give these rows a value, or delete them, then run the same command again.',
  })
}

/** Rows that a check constraint would refuse. */
export function violationsCheck(check: ViolationsCheck): DataCheck {
  return rowsCheck(check, {
    query: sql`
      select ${selectKey(aliasOf(check), check.key)}
      from ${tableSource(check)}
      where not (${check.expression})`,
    message: (rows, one) => `The ${check.label} cannot be added: ${rows} ${one ? 'violates' : 'violate'} it.`,
    remedy: 'Correct or delete these rows, then run the same command again.',
  })
}

/** Whether a table has more rows than may be rewritten while everybody waits. */
export function tooLargeToRewriteCheck(check: SizeCheck): DataCheck {
  const { limit = 10_000, label, place } = check
  return {
    label,
    query: sql`
      select 1 as found
      from ${tableSource(check)}
      offset ${limit} limit 1`,
    problem: () =>
      problemAt(place, 0, {
        code: 'data_conflict',
        message: `Table ${tableName(check)} has more than ${limit.toLocaleString('en-US')} rows, and the ${label} rewrites all of them while nobody can use the table.`,
        remedy: 'Run the same command with --allow-rewrite at a quiet time, or add a plain column with up instead.',
      }),
  }
}
