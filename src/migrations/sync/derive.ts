import { id, join, literal, sql, type Sql } from '../../database/database.ts'
import { isVolatile, usesOf } from '../batch/expression.ts'
import { failAs } from './failure.ts'
import { anyChanged, distinct, usedColumns, valueOver } from './row-values.ts'
import { updatedColumns } from './row-rules.ts'
import type { DeriveRule } from './rule.ts'
import type { SyncInput } from './sync-input.ts'
import { isSession, type SyncTrigger, type TriggerFunction } from './trigger.ts'

const derivedRow = '__metastore_row'

/** The triggers of a derived table's source: old sessions' rows get a counterpart, which follows their changes. */
export function deriveTriggers(
  input: SyncInput,
  rule: DeriveRule,
  place: number,
  pending: string | null,
): SyncTrigger[] {
  const { table, scope } = rule.source
  const on = { table, order: 'first', place, columns: null, when: isSession(input, 'old') } as const
  const role = `derive_${place}`
  const used = distinct(
    settled(rule).flatMap(({ expression }) => usedColumns(input, table, scope, usesOf(expression, scope))),
  )
  const triggers: SyncTrigger[] = [
    { ...on, event: 'after insert', calls: deriveFunction(`${role}_insert`, onInsert(input, rule)) },
  ]
  const changed = anyChanged(used)
  if (changed !== undefined) {
    const columns = updatedColumns(
      input,
      table,
      used.map(({ physical }) => physical),
    )
    const body = sql`
      if not (${changed}) then return null; end if;
      ${onUpdate(input, rule, pending)}`
    triggers.push({ ...on, event: 'after update', columns, calls: deriveFunction(`${role}_update`, body) })
  }
  const remove = rule.onSourceDelete === 'delete' ? onDelete(input, rule) : undefined
  if (remove !== undefined) {
    triggers.push({ ...on, event: 'after delete', calls: deriveFunction(`${role}_delete`, remove) })
  }
  return triggers
}

function deriveFunction(role: string, statements: Sql): TriggerFunction {
  return { kind: 'function', role, direction: 'up', definer: true, body: sql`${statements}\nreturn null;` }
}

function onInsert(input: SyncInput, rule: DeriveRule): Sql {
  const assignments = settled(rule)
    .filter(({ column }) => !rule.conflict.includes(column))
    .map(({ column }) => ({ column, changed: sql`true` }))
  return sql`${values(input, rule, 'new', failAs(rule.origin))}\n${upsert(input, rule, assignments)}`
}

// What an old session's change does not change is left to the new version, which may have written it.
function onUpdate(input: SyncInput, rule: DeriveRule, pending: string | null): Sql {
  const changed = (column: string) =>
    sql`(not __metastore_done or row(__metastore_was.${id(column)})::record operator(pg_catalog.*<>) row(__metastore_now.${id(column)})::record)`
  const follow = settled(rule).map(({ column }) => ({ column, changed: changed(column) }))
  const any = join(
    follow.map((one) => one.changed),
    '\n  or ',
  )
  return sql`
    ${values(input, rule, 'new', failAs(rule.origin))}
    ${unlessIncomplete(input, rule, pending)}
    __metastore_was := __metastore_now;
    __metastore_done := true;
    ${values(input, rule, 'old', sql`__metastore_done := false;`)}
    if ${any} then
    ${upsert(
      input,
      rule,
      follow.filter(({ column }) => !rule.conflict.includes(column)),
    )}
    end if;`
}

// A source row that has not all of its own values yet makes no row: the backfill will, and leaves alone those that it finds.
function unlessIncomplete({ base, rules }: SyncInput, rule: DeriveRule, pending: string | null): Sql {
  const { table, scope } = rule.source
  const computed = new Set(
    rules.flatMap((other) =>
      other.table === table && other.direction === 'up' && 'column' in other ? [other.column] : [],
    ),
  )
  const reads = rule.values.some(({ expression }) =>
    usesOf(expression, scope).some((physical) => computed.has(physical)),
  )
  if (pending === null || !reads) return sql``
  const found = rule.conflict.map((column) => sql`${id(derivedRow, column)} = __metastore_now.${id(column)}`)
  return sql`
    if new.${id(pending)} and not exists (
      select from ${id(base, rule.table)} as ${id(derivedRow)}
      where ${join(found, ' and ')}
    ) then
      return null;
    end if;`
}

function onDelete(input: SyncInput, rule: DeriveRule): Sql | undefined {
  const keys = rule.conflict.flatMap((column) => {
    const value = rule.values.find((one) => one.column === column)
    if (value === undefined) return []
    const was = valueOver(input, value.expression, rule.source.scope, rule.source.table, 'old')
    return [sql`${id(derivedRow, column)} = ${was}`]
  })
  // A key that is not made from the source's row cannot be told from it.
  if (keys.length < rule.conflict.length) return undefined
  return sql`
    delete from ${id(input.base, rule.table)} as ${id(derivedRow)}
    where ${join(keys, ' and ')};`
}

/** What is not another value each time. */
function settled(rule: DeriveRule): DeriveRule['values'] {
  return rule.values.filter(({ expression }) => !isVolatile(expression, { routines: [] }))
}

function values(input: SyncInput, rule: DeriveRule, row: 'new' | 'old', failed: Sql): Sql {
  const into = row === 'new' ? sql`__metastore_now` : sql`__metastore_was`
  const list = rule.values.map(
    ({ column, expression }) =>
      sql`${valueOver(input, expression, rule.source.scope, rule.source.table, row)} as ${id(column)}`,
  )
  return sql`
    begin
    select ${join(list)} into ${into};
    exception when others then
    ${failed}
    end;`
}

// Rows that the new version numbers itself must not meet those numbers.
function numbering(base: string, { table, numbered = [] }: DeriveRule): Sql {
  if (numbered.length === 0) return sql``
  const each = numbered.map((column) => {
    const number = sql`__metastore_now.${id(column)}::bigint`
    return sql`perform ${goOnAfter(base, table, column, number)};`
  })
  return sql`\n${join(each, '\n')}`
}

/**
 * What follows SELECT to let a column's sequence go on after a number, unless it is beyond that already. A short way is gone
 * number by number, because between a look at the sequence and setting it others may have drawn from it or moved it on, and
 * setting it would take it back to numbers that are taken. A long way nobody else goes meanwhile.
 */
export function goOnAfter(base: string, table: string, column: string, number: Sql): Sql {
  return sql`
    case
      when missing > 1000 then pg_catalog.setval(sequence, used)
      else (
        select pg_catalog.max(drawing.number)
        from (
          select pg_catalog.nextval(numbers.sequence) as number
          from pg_catalog.generate_series(1, numbers.missing)
        ) as drawing
      )
    end
    from (
      select sequence, used, used - coalesce(pg_catalog.pg_sequence_last_value(sequence), 0) as missing
      from (
        select
          pg_catalog.pg_get_serial_sequence(${literal(id(base, table).inline('postgres'))}, ${literal(column)})::regclass as sequence,
          ${number} as used
      ) as given
    ) as numbers
    where missing > 0`
}

interface Followed {
  readonly column: string
  /** Whether the value of a row that is there already is to follow. */
  readonly changed: Sql
}

function upsert({ base }: SyncInput, rule: DeriveRule, assignments: readonly Followed[]): Sql {
  const columns = rule.values.map(({ column }) => id(column))
  const made = rule.values.map(({ column }) => sql`__metastore_now.${id(column)}`)
  const follow = assignments.map(
    ({ column, changed }) =>
      sql`${id(column)} = case when ${changed} then excluded.${id(column)} else ${id(derivedRow, column)} end`,
  )
  const differ = assignments.map(
    ({ column, changed }) =>
      sql`(${changed} and row(${id(derivedRow, column)})::record operator(pg_catalog.*<>) row(excluded.${id(column)})::record)`,
  )
  const action = follow.length === 0 ? sql`nothing` : sql`update set ${join(follow)}\nwhere ${join(differ, ' or ')}`
  return sql`
    insert into ${id(base, rule.table)} as ${id(derivedRow)} (${join(columns)})
    overriding system value
    values (${join(made)})
    on conflict (${join(rule.conflict.map((column) => id(column)))}) do ${action};${numbering(base, rule)}`
}
