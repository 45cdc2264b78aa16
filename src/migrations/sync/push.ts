import { id, raw, sql, type Sql } from '../../database/database.ts'
import { columnOf } from '../batch/expression.ts'
import type { Expression } from '../batch/expression.ts'
import { differs } from './differs.ts'
import { failAs } from './failure.ts'
import { orDefault, overBoth, usedOf } from './lookup.ts'
import { anyChanged } from './row-values.ts'
import { updatedColumns } from './row-rules.ts'
import type { LookupRule } from './rule.ts'
import type { SyncInput } from './sync-input.ts'
import { isSession, type SyncTrigger, type TriggerFunction } from './trigger.ts'

const targetRow = '__metastore_target'

/** The triggers of a look-up's source: what is written there goes to all rows of the target that it belongs to. */
export function pushTriggers(input: SyncInput, rule: LookupRule, place: number): SyncTrigger[] {
  const { table } = rule.source
  const used = usedOf(input, rule, 'source')
  const changed = anyChanged(used)
  const when = isSession(input, rule.direction === 'up' ? 'old' : 'new')
  const on = { table, order: 'first', place, when } as const
  const role = `push_${place}`
  const insert: SyncTrigger = {
    ...on,
    event: 'after insert',
    columns: null,
    calls: pushFunction(rule, `${role}_insert`, push(input, rule)),
  }
  if (changed === undefined) return [insert]
  const columns = updatedColumns(
    input,
    table,
    used.map(({ physical }) => physical),
  )
  const body = sql`
    if not (${changed}) then return null; end if;
    ${unlessSame(input, rule)}
    ${push(input, rule)}`
  return [insert, { ...on, event: 'after update', columns, calls: pushFunction(rule, `${role}_update`, body) }]
}

function pushFunction({ direction }: LookupRule, role: string, statements: Sql): TriggerFunction {
  return { kind: 'function', role, direction, definer: true, body: sql`${statements}\nreturn null;` }
}

function push(input: SyncInput, rule: LookupRule): Sql {
  const where = overBoth(input, rule, rule.where, ['new', targetRow])
  const target = sql`${id(input.base, rule.table)} as ${id(targetRow)}`
  const before = isOfSourceOnly(rule, rule.value)
  const value = before ? sql`__metastore_now.value` : sql`${overBoth(input, rule, rule.value, ['new', targetRow])}`
  const column = id(targetRow, rule.column)
  return sql`
    ${before ? computeFirst(input, rule, target, where) : sql``}
    update ${target}
    set ${id(rule.column)} = ${orDefault(input, rule, value)}
    where ${where}
    and ${differs(column, sql`(${orDefault(input, rule, value)})::${raw(rule.type)}`, rule.type)};`
}

// Once, and not for each row; and a value that cannot be computed is an error only where there is a row for it.
function computeFirst(input: SyncInput, rule: LookupRule, target: Sql, where: Sql): Sql {
  return sql`
    begin
    select ${overBoth(input, rule, rule.value, ['new', targetRow])} as value into __metastore_now;
    exception when others then
    if exists (select from ${target} where ${where}) then
    ${failAs(rule.origin)}
    end if;
    return null;
    end;`
}

// A change that comes to the same value is none: what the other version has written in the target stays.
function unlessSame(input: SyncInput, rule: LookupRule): Sql {
  if (!isOfSourceOnly(rule, rule.value)) return sql``
  const moved = anyChanged(usedOf(input, rule, 'source', [rule.where]))
  const value = (row: 'new' | 'old') => overBoth(input, rule, rule.value, [row, targetRow])
  return sql`
    if not (${moved ?? sql`false`}) then
    begin
    __metastore_same := not (${differs(
      sql`(${value('old')})::${raw(rule.type)}`,
      sql`(${value('new')})::${raw(rule.type)}`,
      rule.type,
    )});
    exception when others then
    __metastore_same := false;
    end;
    if __metastore_same then
      return null;
    end if;
    end if;`
}

function isOfSourceOnly({ source, target }: LookupRule, expression: Expression): boolean {
  return expression.uses.every((use) => {
    if (use.name === target.alias && use.qualifier === null) return false
    return (
      columnOf(use, target) === undefined || (use.qualifier === source.scope.alias && use.qualifier !== target.alias)
    )
  })
}
