import { sql } from '../../database/sql.ts'
import type { Policy, Rule, Trigger } from '../relation.ts'
import { compareCodePoints } from '../sort.ts'
import { columnNames, comment, functionName, inScope, type Scope } from './postgres-scope.ts'

/** What hangs on a table or a view besides its keys: one trigger, rule or policy. */
export type AttachedRow =
  | { readonly relation: number; readonly kind: 'trigger'; readonly value: TriggerValue }
  | { readonly relation: number; readonly kind: 'rule'; readonly value: RuleValue }
  | { readonly relation: number; readonly kind: 'policy'; readonly value: PolicyValue }

type Enabled = keyof typeof enabled
type TriggerValue = Omit<Trigger, 'timing' | 'events' | 'level' | 'enabled' | 'columns'> & {
  readonly type: number
  readonly enabled: Enabled
  readonly columns: readonly string[] | null
}
type RuleValue = Omit<Rule, 'event' | 'enabled'> & {
  readonly event: keyof typeof ruleEvents
  readonly enabled: Enabled
}
type PolicyValue = Omit<Policy, 'command'> & { readonly command: keyof typeof commands }

const enabled = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' } as const
const ruleEvents = { 1: 'select', 2: 'update', 3: 'insert', 4: 'delete' } as const
const commands = { '*': 'all', r: 'select', a: 'insert', w: 'update', d: 'delete' } as const
// src/include/catalog/pg_trigger.h
const triggerEvents = [
  [4, 'insert'],
  [16, 'update'],
  [8, 'delete'],
  [32, 'truncate'],
] as const

/** Triggers, rules and policies. */
export function readAttached(scope: Scope): Promise<AttachedRow[]> {
  return scope.db.query<AttachedRow>(sql`
    select t.tgrelid::int8 as relation, 'trigger' as kind, json_build_object(
      'name', t.tgname, 'type', t.tgtype, 'enabled', t.tgenabled, 'constraint', t.tgconstraint <> 0,
      'inherited', t.tgparentid <> 0, 'columns', ${columnNames(sql`t.tgrelid`, sql`t.tgattr`)},
      'function', ${functionName(sql`t.tgfoid`)}, 'comment', ${comment('pg_trigger', sql`t.oid`)},
      'definition', pg_get_triggerdef(t.oid)) as value
    from pg_trigger t join pg_class r on r.oid = t.tgrelid
    where ${inScope(scope, sql`r.relnamespace`)} and ${visibleTrigger(scope)}
    union all
    select w.ev_class::int8, 'rule', json_build_object(
      'name', w.rulename, 'event', w.ev_type, 'instead', w.is_instead, 'enabled', w.ev_enabled,
      'comment', ${comment('pg_rewrite', sql`w.oid`)}, 'definition', pg_get_ruledef(w.oid))
    from pg_rewrite w join pg_class r on r.oid = w.ev_class
    where ${inScope(scope, sql`r.relnamespace`)} and w.rulename <> '_RETURN'
    union all
    select p.polrelid::int8, 'policy', json_build_object(
      'name', p.polname, 'command', p.polcmd, 'permissive', p.polpermissive,
      'roles', (select json_agg(case u.role when 0 then 'public' else pg_get_userbyid(u.role) end)
        from unnest(p.polroles) as u (role)),
      'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid),
      'comment', ${comment('pg_policy', sql`p.oid`)})
    from pg_policy p join pg_class r on r.oid = p.polrelid
    where ${inScope(scope, sql`r.relnamespace`)}`)
}

// Up to 14 the triggers that a partition has from its table are marked as internal, like those of foreign keys.
function visibleTrigger({ version }: Scope) {
  if (version >= 150_000) return sql`not t.tgisinternal`
  return sql`(not t.tgisinternal or t.tgparentid <> 0 and t.tgconstraint = 0)`
}

/** A trigger as the catalog has it. */
export function toTrigger({ type, ...value }: TriggerValue): Trigger {
  return {
    ...value,
    timing: type & 64 ? 'instead_of' : type & 2 ? 'before' : 'after',
    events: triggerEvents.filter(([bit]) => type & bit).map(([, event]) => event),
    columns: value.columns ?? [],
    level: type & 1 ? 'row' : 'statement',
    enabled: enabled[value.enabled],
  }
}

/** A rule as the catalog has it. */
export function toRule(value: RuleValue): Rule {
  return { ...value, event: ruleEvents[value.event], enabled: enabled[value.enabled] }
}

/** A policy as the catalog has it. */
export function toPolicy(value: PolicyValue): Policy {
  return { ...value, command: commands[value.command], roles: value.roles.toSorted(compareCodePoints) }
}
