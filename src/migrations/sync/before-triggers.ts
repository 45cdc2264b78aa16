import { id, join, sql, type Sql } from '../../database/database.ts'
import { computeAsDefiner, computeOnInsert, computeOnUpdate } from './compute.ts'
import { forgetDeferred } from './failure.ts'
import { lookupOnInsert, lookupOnUpdate } from './lookup.ts'
import { misplacedInsert, misplacedUpdate } from './misplaced-write.ts'
import type { SyncDirection } from './rule.ts'
import { triggersOf, updatedColumns, type RowRule, type RowRules } from './row-rules.ts'
import type { SyncInput } from './sync-input.ts'
import { isSession, type SyncTrigger } from './trigger.ts'

/**
 * The triggers that change a row before it is written: for new sessions those of `down`, before all other triggers, so that
 * they see a whole row; for old sessions those of `up`, after all others, so that what they change is followed. `followed`
 * says that more of our triggers come after those for new sessions, and take the mark from a new row.
 */
export function beforeTriggers(input: SyncInput, own: RowRules, followed: boolean): SyncTrigger[] {
  const { table, rules, pending } = own
  const changing = rules.filter((rule) => rule.direction === 'down' && triggersOf(input, rule).length > 0)
  const down = rules.filter(({ direction }) => direction === 'down').toReversed()
  const up = rules.filter(({ direction }) => direction === 'up')
  return [
    ...insertTriggers(input, { table, rules: down, pending }, 'down', !followed),
    ...updateTriggers(input, { table, rules: changing.toReversed(), pending: null }, 'down'),
    ...insertTriggers(input, { table, rules: up, pending }, 'up', true),
    ...updateTriggers(input, { table, rules: up, pending }, 'up'),
  ]
}

/** A row that is in step before it is inserted has come from another partition by an update, whose triggers have run. */
export function unlessMoved(pending: string | null): Sql[] {
  return pending === null ? [] : [sql`if new.${id(pending)} is false then return new; end if;`]
}

function insertTriggers(input: SyncInput, own: RowRules, direction: SyncDirection, settles: boolean): SyncTrigger[] {
  const { pending } = own
  const groups = groupsOf(own.rules)
  // A row is in step from its beginning, even where its session's version has nothing to compute.
  const parts = groups.length === 0 && pending !== null && settles ? [[]] : groups
  return parts.map((rules, index): SyncTrigger => {
    const settle = pending === null || !settles || index < parts.length - 1
    const statements = [
      ...unlessMoved(pending),
      ...(direction === 'up' && index === 0 ? misplacedInsert(input, own) : []),
      ...rules.map((rule) =>
        rule.kind === 'compute' ? computeOnInsert(input, rule, pending) : lookupOnInsert(input, rule),
      ),
      ...(settle ? [] : [sql`new.${id(pending)} := new.${id(pending)} is null;`]),
    ]
    return {
      ...triggerFor(own.table, direction, 'insert', { rules, index, statements }),
      ...sessionOf(input, direction),
    }
  })
}

function updateTriggers(input: SyncInput, own: RowRules, direction: SyncDirection): SyncTrigger[] {
  const { pending } = own
  const groups = groupsOf(own.rules)
  const columns = own.rules.flatMap((rule) => [
    ...triggersOf(input, rule).map(({ physical }) => physical),
    ...(direction === 'up' ? [rule.column] : []),
  ])
  return groups.flatMap((rules, index): SyncTrigger[] => {
    const statements = [
      // What takes the mark away itself is the backfill, which has computed all values.
      ...(pending === null
        ? []
        : [sql`if old.${id(pending)} and new.${id(pending)} is false then return new; end if;`]),
      ...(direction === 'up' && index === 0 ? misplacedUpdate(input, own) : []),
      ...rules.flatMap((rule) => {
        const statement =
          rule.kind === 'compute' ? computeOnUpdate(input, rule, pending) : lookupOnUpdate(input, rule, pending)
        return statement === undefined ? [] : [statement]
      }),
      ...(pending !== null && index === groups.length - 1 ? [settled(input, own, pending)] : []),
    ]
    const { when } = sessionOf(input, direction)
    const trigger = {
      ...triggerFor(own.table, direction, 'update', { rules, index, statements }),
      // What was put off is looked at again whoever writes to the row.
      when: pending !== null && putsOff(own.rules) ? sql`old.${id(pending)} or ${when}` : when,
      // Nothing has run before the first triggers that could change other columns than the statement does.
      columns: direction === 'down' ? [...new Set(columns)] : updatedColumns(input, own.table, columns),
    }
    if (pending === null || trigger.columns === null) return [trigger]
    // A row that has no values yet gets them whichever column is written: the new version's columns may have to have one.
    const unsettled = sql`old.${id(pending)} and new.${id(pending)}`
    return [trigger, { ...trigger, place: 100 + trigger.place, when: unsettled, columns: null }]
  })
}

function sessionOf(input: SyncInput, direction: SyncDirection): { readonly when: Sql } {
  return { when: isSession(input, direction === 'down' ? 'new' : 'old') }
}

// Rules that one function applies.
interface Group {
  readonly rules: readonly RowRule[]
  /** Its place among the groups of its direction. */
  readonly index: number
  readonly statements: readonly Sql[]
}

function triggerFor(
  table: string,
  direction: SyncDirection,
  event: 'insert' | 'update',
  { rules, index, statements }: Group,
): Omit<SyncTrigger, 'when'> {
  return {
    table,
    event: `before ${event}`,
    order: direction === 'down' ? 'first' : 'last',
    place: index + 1,
    columns: null,
    calls: {
      kind: 'function',
      role: `${direction}_${event}_${index + 1}`,
      direction,
      definer: isDefiner(rules[0]),
      body: join([...statements, sql`return new;`], '\n'),
    },
  }
}

function putsOff(rules: readonly RowRule[]): boolean {
  return rules.some((rule) => rule.kind === 'compute' && rule.errors === 'defer')
}

// Null stands for a value that was put off by this very write.
function settled(input: SyncInput, { table, rules }: RowRules, pending: string): Sql {
  const mark = id(pending)
  if (!putsOff(rules)) return sql`if old.${mark} then new.${mark} := false; end if;`
  return sql`
    new.${mark} := new.${mark} is null;
    if old.${mark} and not new.${mark} then
    ${forgetDeferred(input, table)}
    end if;`
}

// Rules apply in their order, those that read tables in functions that run as the migrating role, all others as the writer.
function groupsOf(rules: readonly RowRule[]): RowRule[][] {
  const groups: RowRule[][] = []
  for (const rule of rules) {
    const group = groups.at(-1)
    if (group !== undefined && isDefiner(group[0]) === isDefiner(rule)) group.push(rule)
    else groups.push([rule])
  }
  return groups
}

function isDefiner(rule: RowRule | undefined): boolean {
  return rule !== undefined && (rule.kind === 'lookup' || computeAsDefiner(rule))
}
