import { id, join, sql, type Sql } from '../../database/database.ts'
import { unlessMoved } from './before-triggers.ts'
import { assign, computeTriggers } from './compute.ts'
import { differs } from './differs.ts'
import { anyChanged, valueOver } from './row-values.ts'
import type { RowRules } from './row-rules.ts'
import type { ComputeRule } from './rule.ts'
import type { SyncInput } from './sync-input.ts'
import { isSession, type SyncTrigger } from './trigger.ts'

interface Pair {
  readonly up: ComputeRule
  readonly down: ComputeRule
}

/**
 * The triggers of new sessions that come after those of users: where one of theirs has changed a column of the old version
 * (it knows no other), the new version's follows. That it did is seen by comparing with what `down` gives.
 */
export function followUserTriggers(input: SyncInput, { table, rules, pending }: RowRules): SyncTrigger[] {
  const pairs = pairsOf(rules)
  if (pairs.length === 0 || input.userTriggers(table).length === 0) return []
  const settled = pending === null ? [] : [sql`new.${id(pending)} := false;`]
  const on = { table, order: 'last', place: 800, columns: null, when: isSession(input, 'new') } as const
  const definer = pairs.some(({ up, down }) => up.expression.readsTables || down.expression.readsTables)
  const follow = (event: 'insert' | 'update') =>
    ({
      kind: 'function',
      role: `follow_${event}`,
      direction: 'up',
      definer,
      body: join(
        [
          ...(event === 'insert' ? unlessMoved(pending) : []),
          ...pairs.map((pair) => followPair(input, pair, event)),
          ...(event === 'insert' ? settled : []),
          sql`return new;`,
        ],
        '\n',
      ),
    }) as const
  return [
    { ...on, event: 'before insert', calls: follow('insert') },
    { ...on, event: 'before update', calls: follow('update') },
  ]
}

function pairsOf(rules: RowRules['rules']): Pair[] {
  const computed = rules.flatMap((rule) => (rule.kind === 'compute' && !rule.volatile ? [rule] : []))
  return computed.flatMap((up) => {
    const down = computed.find(
      (rule) => rule.direction === 'down' && rule.counterpart === up.column && rule.column === up.counterpart,
    )
    return up.direction === 'up' && down !== undefined ? [{ up, down }] : []
  })
}

function followPair(input: SyncInput, { up, down }: Pair, event: 'insert' | 'update'): Sql {
  const column = id(down.column)
  const expected = event === 'insert' ? given(input, down) : givenByUpdate(input, down)
  return sql`
    ${expected}
    if ${differs(sql`new.${column}`, sql`__metastore_was.${column}`, down.type)} then
    ${assign(input, up, null, valueOver(input, up.expression, up.scope, up.table, 'new'))}
    end if;`
}

// What the column would hold without the users' triggers: in an insert what `down` gives, and its error is told.
function given(input: SyncInput, down: ComputeRule): Sql {
  return sql`
    __metastore_was := new;
    __metastore_was.${id(down.column)} := ${valueOver(input, down.expression, down.scope, down.table, 'new')};`
}

// In an update that too, if the session changed what `down` uses and if that changed what comes out; else what was there.
function givenByUpdate(input: SyncInput, down: ComputeRule): Sql {
  const column = id(down.column)
  const used = anyChanged(computeTriggers(input, down))
  if (used === undefined) return sql`__metastore_was := old;`
  return sql`
    __metastore_was := old;
    if ${used} then
    __metastore_was.${column} := ${valueOver(input, down.expression, down.scope, down.table, 'new')};
    begin
    __metastore_now := old;
    __metastore_now.${column} := ${valueOver(input, down.expression, down.scope, down.table, 'old')};
    if not (${differs(sql`__metastore_now.${column}`, sql`__metastore_was.${column}`, down.type)}) then
      __metastore_was.${column} := old.${column};
    end if;
    exception when others then
      null;
    end;
    end if;`
}
