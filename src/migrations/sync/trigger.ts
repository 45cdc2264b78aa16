import { id, join, literal, raw, sql, type Sql } from '../../database/database.ts'
import { internalName, syncSchemaName } from '../batch/names.ts'
import type { SyncDirection } from './rule.ts'
import type { SyncInput } from './sync-input.ts'

/** One trigger of ours, with what it calls. */
export interface SyncTrigger {
  readonly table: string
  /** `before insert`, `after update`, ... */
  readonly event: TriggerEvent
  /** Where it stands among the others: before all of them, or after all of them; then by `place`. */
  readonly order: 'first' | 'last'
  readonly place: number
  /** What an update has to set; null for any column. */
  readonly columns: readonly string[] | null
  /** Short: the server reads it anew for each statement. */
  readonly when: Sql
  readonly calls: TriggerFunction | Refusal
}

/** When a trigger fires. */
export type TriggerEvent = `${'before' | 'after'} ${'insert' | 'update'}` | 'after delete'

/** A function made for one trigger or several of a table. */
export interface TriggerFunction {
  readonly kind: 'function'
  /** What it does, in words that make a name: `last_insert_1`. */
  readonly role: string
  /** Statements between BEGIN and END, those that return included. */
  readonly body: Sql
  /** Whose names it uses. */
  readonly direction: SyncDirection
  /** Whether it runs with the rights of the migrating role. */
  readonly definer: boolean
}

/** The function that says no. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly arguments: readonly string[]
}

/** The statements that make a table's triggers, functions first. */
export function createTriggers(input: SyncInput, triggers: readonly SyncTrigger[]): Sql[] {
  const functions = new Map(
    triggers.flatMap(({ table, calls }) =>
      calls.kind === 'function' ? [[functionName(input, table, calls.role), calls] as const] : [],
    ),
  )
  return [
    ...[...functions].flatMap(([name, made]) => createFunction(input, name, made)),
    ...triggers.map((trigger) => createTrigger(input, trigger)),
  ]
}

/** The statements that take them away, functions last; nothing happens for what is gone already. */
export function dropTriggers(input: SyncInput, triggers: readonly SyncTrigger[]): Sql[] {
  const functions = new Set(
    triggers.flatMap(({ table, calls }) => (calls.kind === 'function' ? [functionName(input, table, calls.role)] : [])),
  )
  return [
    ...triggers.map(
      (trigger) => sql`drop trigger if exists ${id(triggerName(input, trigger))} on ${id(input.base, trigger.table)}`,
    ),
    ...[...functions].map((name) => sql`drop function if exists ${id(syncSchemaName(input.stateSchema), name)}()`),
  ]
}

/** The schemas that a direction's expressions look names up in, the writer's temporary tables last. */
function searchPath({ base, oldSchema, versionSchema }: SyncInput, direction: SyncDirection): Sql {
  const version = direction === 'up' ? oldSchema : versionSchema
  return join([...(version === null ? [] : [id(version)]), id(base), sql`pg_temp`])
}

/**
 * A condition of sessions: `new` ones or `old` ones. By a function, because a WHEN clause is read and prepared for each
 * statement: the test itself in its place costs an update of one row three times what the update costs.
 */
export function isSession({ stateSchema, versionSchema, target }: SyncInput, which: 'new' | 'old'): Sql {
  const test = sql`${id(syncSchemaName(stateSchema), 'is_new')}(${literal(versionSchema)}, ${literal(target)})`
  return which === 'new' ? test : sql`not ${test}`
}

function createFunction(input: SyncInput, name: string, { body, direction, definer }: TriggerFunction): Sql[] {
  const text = sql`
    #variable_conflict use_column
    ${declarations(body)}begin
    ${body}
    end`.inline('postgres')
  const path = id(syncSchemaName(input.stateSchema), name)
  // An error instead of rows that nobody sees; where owners are bound, the preflight has made sure that they see all.
  const unseen = definer && !input.forcedRowSecurity ? '\nset row_security = off' : ''
  return [
    sql`
      create function ${path}() returns trigger
      language plpgsql ${raw(definer ? 'security definer ' : '')}
      set search_path = ${searchPath(input, direction)}${raw(unseen)}
      as ${dollarQuoted(text)}`,
    // Nobody calls it, or makes a trigger of a table of his own call it: it may read what its caller may not.
    ...(definer ? [sql`revoke all on function ${path}() from public`] : []),
  ]
}

const variables: Readonly<Record<string, string>> = {
  __metastore_done: 'boolean',
  __metastore_was: 'record',
  __metastore_now: 'record',
  __metastore_same: 'boolean',
  __metastore_seen: 'tid',
  __metastore_seen_in: 'oid',
  __metastore_locked: 'tid',
  __metastore_locked_in: 'oid',
  __metastore_state: 'text',
  __metastore_message: 'text',
  __metastore_detail: 'text',
  __metastore_hint: 'text',
}

function declarations(body: Sql): Sql {
  const text = body.inline('postgres')
  const used = Object.entries(variables).filter(([name]) => new RegExp(`\\b${name}\\b`).test(text))
  return used.length === 0 ? sql`` : raw(`declare\n${used.map(([name, type]) => `  ${name} ${type};\n`).join('')}`)
}

// Between dollar signs the body reads as it is; the tag is one that the author has not used.
function dollarQuoted(text: string): Sql {
  let tag = '$sync$'
  for (let count = 2; text.includes(tag); count += 1) tag = `$sync${count}$`
  return raw(`${tag}\n${text}\n${tag}`)
}

function createTrigger(input: SyncInput, trigger: SyncTrigger): Sql {
  const { table, event, columns, when, calls } = trigger
  const schema = syncSchemaName(input.stateSchema)
  const call =
    calls.kind === 'function'
      ? sql`${id(schema, functionName(input, table, calls.role))}()`
      : sql`${id(schema, 'refuse_null')}(${join(calls.arguments.map((argument) => literal(argument)))})`
  const of = columns === null ? sql`` : sql` of ${join(columns.map((column) => id(column)))}`
  return sql`
    create trigger ${id(triggerName(input, trigger))}
    ${raw(event)}${of} on ${id(input.base, table)}
    for each row when (${when})
    execute function ${call}`
}

function functionName({ target }: SyncInput, table: string, role: string): string {
  return internalName(target, 'sync', table, role, `${role}_${table}`)
}

// Triggers fire in the order of their names, by bytes: ours stand around whatever names the others have.
function triggerName(input: SyncInput, { table, event, order, place }: SyncTrigger): string {
  const others = input.userTriggers(table)
  const prefix =
    order === 'first'
      ? (['!', '\u0001'].find((mark) =>
          others.every((name) => !name.startsWith(mark) && compareBytes(mark, name) < 0),
        ) ?? '\u0001')
      : (['~', '\u{10ffff}'].find((mark) => others.every((name) => compareBytes(name, mark) < 0)) ?? '\u{10ffff}')
  const digits = String(place).padStart(3, '0')
  const made = internalName(input.target, 'trigger', table, event, order, digits, `${event}_${table}`)
  return `${prefix}${digits}${made.slice(0, 63 - digits.length - Buffer.byteLength(prefix))}`
}

function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
