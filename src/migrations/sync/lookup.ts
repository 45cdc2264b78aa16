import { id, join, raw, sql, type Sql } from '../../database/database.ts'
import { renderOverRows, usesOfRow, type Expression } from '../batch/expression.ts'
import type { ScopeColumn } from '../batch/row-scope.ts'
import { differs } from './differs.ts'
import { failAs } from './failure.ts'
import { anyChanged, columnsOf, distinct, usedColumns } from './row-values.ts'
import type { LookupRule } from './rule.ts'
import type { SyncInput } from './sync-input.ts'

/** What the source's row is called in queries. */
export const sourceRow = '__metastore_source'

/** The columns of the target that a change of looks the value up anew. */
export function lookupTriggers(input: SyncInput, rule: LookupRule): readonly ScopeColumn[] {
  return usedOf(input, rule, 'target')
}

/** The columns of the target or the source that value and condition depend on. */
export function usedOf(
  input: SyncInput,
  { table, target, source, value, where }: LookupRule,
  side: 'target' | 'source',
  expressions: readonly Expression[] = [value, where],
): ScopeColumn[] {
  const scopes = [source.scope, target]
  const [scope, owner] = side === 'target' ? [target, table] : [source.scope, source.table]
  return distinct(
    expressions.flatMap((expression) => usedColumns(input, owner, scope, usesOfRow(expression, scope, scopes))),
  )
}

/** An expression of the rule over a row of the source and one of the target, by what they are called. */
export function overBoth(input: SyncInput, rule: LookupRule, expression: Expression, rows: [string, string]): Sql {
  const [source, target] = rows
  return renderOverRows(expression, [
    { scope: rule.source.scope, column: columnsOf(input, rule.source.table, source) },
    { scope: rule.target, column: columnsOf(input, rule.table, target) },
  ])
}

/** A value, or what the column holds by default where there is none. */
export function orDefault(input: SyncInput, rule: LookupRule, value: Sql): Sql {
  const otherwise = input.defaultOf?.(rule.table, rule.column) ?? null
  return otherwise === null ? value : sql`coalesce(${value}, ${raw(otherwise)})`
}

/** What an insert into the target does for the rule. */
export function lookupOnInsert(input: SyncInput, rule: LookupRule): Sql {
  return lockedRead(input, rule)
}

/** What an update of the target does for the rule: as for a computed value, with the source's row locked. */
export function lookupOnUpdate(input: SyncInput, rule: LookupRule, pending: string | null): Sql | undefined {
  const used = anyChanged(lookupTriggers(input, rule))
  const column = id(rule.column)
  const unset = sql`not (${differs(sql`new.${column}`, sql`old.${column}`, rule.type)})`
  const whenPending =
    pending === null
      ? undefined
      : sql`
          if old.${id(pending)} then
            if ${unset} then
            ${named(rule, read(input, rule, 'new', sql`new.${column}`))}
            end if;`
  if (used === undefined) return whenPending && sql`${whenPending}\nend if;`
  return sql`
    ${whenPending === undefined ? sql`if` : sql`${whenPending}\nelsif`} ${used} then
    ${lockedRead(input, rule)}
    if ${differs(sql`new.${column}`, sql`old.${column}`, rule.type)} then
    begin
      __metastore_was := old;
      ${read(input, rule, 'old', sql`__metastore_was.${column}`)}
      if not (${differs(sql`__metastore_was.${column}`, sql`new.${column}`, rule.type)}) then
        new.${column} := old.${column};
      end if;
    exception when others then
      null;
    end;
    end if;
    end if;`
}

// Read first, because an error can be given its name only where nothing is locked: a lock within an exception block costs a
// transaction number for each row. Read again only when the row was another one by the time that it was locked.
function lockedRead(input: SyncInput, rule: LookupRule): Sql {
  return sql`
    __metastore_locked := null;
    loop
    ${named(rule, read(input, rule, 'new', sql`new.${id(rule.column)}`))}
    exit when __metastore_seen is null
      or (__metastore_seen = __metastore_locked and __metastore_seen_in = __metastore_locked_in);
    select ${id(sourceRow)}.ctid, ${id(sourceRow)}.tableoid into __metastore_locked, __metastore_locked_in
    ${fromSource(input, rule, 'new')}
    for no key update;
    exit when __metastore_seen = __metastore_locked and __metastore_seen_in = __metastore_locked_in;
    end loop;`
}

function named(rule: LookupRule, statement: Sql): Sql {
  return sql`
    begin
    ${statement}
    exception when others then
    ${failAs(rule.origin)}
    end;`
}

function read(input: SyncInput, rule: LookupRule, row: 'new' | 'old', into: Sql): Sql {
  const value = overBoth(input, rule, rule.value, [sourceRow, row])
  const otherwise = input.defaultOf?.(rule.table, rule.column) ?? null
  return sql`
    select ${value}, ${id(sourceRow)}.ctid, ${id(sourceRow)}.tableoid
    into ${into}, __metastore_seen, __metastore_seen_in
    ${fromSource(input, rule, row)};${otherwise === null ? sql`` : sql`\n${into} := ${orDefault(input, rule, into)};`}`
}

function fromSource(input: SyncInput, rule: LookupRule, row: 'new' | 'old'): Sql {
  return sql`
    ${sourceOf(input, rule)}
    where ${overBoth(input, rule, rule.where, [sourceRow, row])}
    ${smallestFirst(rule)}
    limit 1`
}

/** `from` and the source, by the name of its row. */
export function sourceOf({ base }: Pick<SyncInput, 'base'>, { source }: LookupRule): Sql {
  return sql`from ${id(base, source.table)} as ${id(sourceRow)}`
}

/** Puts the match with the smallest key first. */
export function smallestFirst({ source }: LookupRule): Sql {
  if (source.key.length === 0) return sql``
  return sql`order by ${join(source.key.map((column) => id(sourceRow, column)))}`
}
