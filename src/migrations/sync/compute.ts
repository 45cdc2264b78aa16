import { id, sql, type Sql } from '../../database/database.ts'
import { usesOf } from '../batch/expression.ts'
import type { ScopeColumn } from '../batch/row-scope.ts'
import { differs } from './differs.ts'
import { deferAs, failAs } from './failure.ts'
import { anyChanged, usedColumns, valueOver } from './row-values.ts'
import type { ComputeRule } from './rule.ts'
import type { SyncInput } from './sync-input.ts'

/** The columns that a change of recomputes the value; none where it is computed once for a row. */
export function computeTriggers(input: SyncInput, rule: ComputeRule): readonly ScopeColumn[] {
  return rule.volatile ? [] : usedColumns(input, rule.table, rule.scope, usesOf(rule.expression, rule.scope))
}

/** Whether it is evaluated with the rights of the migrating role, because it reads tables that the writer may not. */
export function computeAsDefiner({ expression, onInsert }: ComputeRule): boolean {
  return expression.readsTables || onInsert?.readsTables === true
}

/** What an insert does for the rule. */
export function computeOnInsert(input: SyncInput, rule: ComputeRule, pending: string | null): Sql {
  const value = valueOver(input, rule.onInsert ?? rule.expression, rule.scope, rule.table, 'new')
  return assign(input, rule, pending, value)
}

/**
 * What an update does for the rule: a row that is pending gets its value, unless the write gives one; any other a new value
 * if the write changes what it is computed from, and if that changes what comes out. What the other version has written
 * stays otherwise. Undefined where no update can change anything.
 */
export function computeOnUpdate(input: SyncInput, rule: ComputeRule, pending: string | null): Sql | undefined {
  const used = anyChanged(computeTriggers(input, rule))
  const column = id(rule.column)
  const unset = sql`not (${differs(sql`new.${column}`, sql`old.${column}`, rule.type)})`
  const value = valueOver(input, rule.expression, rule.scope, rule.table, 'new')
  if (used === undefined) {
    if (pending === null) return undefined
    return sql`
      if old.${id(pending)} and ${unset} then
      ${assign(input, rule, pending, value)}
      end if;`
  }
  // In parentheses, because PL/pgSQL would take the first THEN for its own.
  const condition = pending === null ? used : sql`(case when old.${id(pending)} then ${unset} else ${used} end)`
  const settled = pending === null ? sql`` : sql`not old.${id(pending)} and `
  return sql`
    if ${condition} then
    __metastore_done := false;
    begin
    new.${column} := ${value};
    __metastore_done := true;
    if ${settled}${differs(sql`new.${column}`, sql`old.${column}`, rule.type)} then
      __metastore_was := old;
      __metastore_was.${column} := ${valueOver(input, rule.expression, rule.scope, rule.table, 'old')};
      if not (${differs(sql`__metastore_was.${column}`, sql`new.${column}`, rule.type)}) then
        new.${column} := old.${column};
      end if;
    end if;
    exception when others then
    if not __metastore_done then
    ${failed(input, rule, pending)}
    end if;
    end;
    end if;`
}

/** Assigns a value to the column of the rule, and says for which rule when that fails. */
export function assign(input: SyncInput, rule: ComputeRule, pending: string | null, value: Sql): Sql {
  return sql`
    begin
    new.${id(rule.column)} := ${value};
    exception when others then
    ${failed(input, rule, pending)}
    end;`
}

function failed(input: SyncInput, rule: ComputeRule, pending: string | null): Sql {
  if (rule.errors === 'fail' || pending === null) return failAs(rule.origin)
  return deferAs(input, rule.table, rule.column, pending, rule.origin)
}
