import { id, join, literal, sql, type Sql } from '../../database/database.ts'
import { syncSchemaName } from '../batch/names.ts'
import type { RuleOrigin } from './rule.ts'
import type { SyncInput } from './sync-input.ts'

/** What a rule is called in messages: `migration 004_cents, action 1 (column cost)`. */
function ruleName({ migration, action, column }: RuleOrigin): string {
  return `migration ${migration}, action ${action + 1} (column ${column})`
}

/** In an exception handler: fails the write under the error's own code, and says for which rule. */
export function failAs(origin: RuleOrigin): Sql {
  return sql`
    get stacked diagnostics
      __metastore_state = returned_sqlstate,
      __metastore_message = message_text,
      __metastore_detail = pg_exception_detail,
      __metastore_hint = pg_exception_hint;
    raise exception using
      errcode = __metastore_state,
      message = ${literal(`${ruleName(origin)}: `)} || __metastore_message,
      detail = coalesce(nullif(__metastore_detail, ''),
        'The value that the other version of the application reads could not be computed.'),
      hint = coalesce(nullif(__metastore_hint, ''),
        'Write a value that the migration can convert, or abort the migration and correct its expression.');`
}

/** In an exception handler: leaves the value out and the row pending, and writes down why. */
export function deferAs(input: SyncInput, table: string, column: string, pending: string, origin: RuleOrigin): Sql {
  return sql`
    new.${id(column)} := null;
    new.${id(pending)} := null;
    perform ${id(syncSchemaName(input.stateSchema), 'defer')}(${literal(table)}, ${rowKey(input, table, 'new')},
      ${literal(origin.migration)}, ${literal(origin.action + 1)}, ${literal(origin.column)}, sqlerrm);`
}

/** Forgets what was put off for a row, now that its values are there. */
export function forgetDeferred(input: SyncInput, table: string): Sql {
  return sql`perform ${id(syncSchemaName(input.stateSchema), 'forget')}(${literal(table)}, ${rowKey(input, table, 'new')});`
}

/** `id = 7`, for people: no two rows of a table share it, unless it has no primary key. `row` names the row in SQL. */
export function rowKey(input: SyncInput, table: string, row: string): Sql {
  const key = input.keyOf?.(table) ?? []
  if (key.length === 0) return sql`''`
  const parts = key.map((column) => sql`${literal(`${column} = `)} || ${id(row, column)}`)
  return sql`concat_ws(', ', ${join(parts)})`
}
