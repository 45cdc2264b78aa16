import { id, join, literal, sql, type Sql } from '../../database/database.ts'
import { anyChanged } from './row-values.ts'
import type { RowRule, RowRules } from './row-rules.ts'
import type { SyncInput } from './sync-input.ts'

// An old session that writes to a column which only the new version has got there by naming the new version's schema; the
// value would be overwritten. What triggers write, ours and those of foreign keys, is no statement of a session, and passes.
const direct = sql`pg_trigger_depth() = 1`

/** Refuses an old session's insert of a value for a column of the new version; told only where there is no default. */
export function misplacedInsert(input: SyncInput, { table, rules }: RowRules): Sql[] {
  const empty = rules.filter(({ column }) => input.defaultOf?.(table, column) === null)
  if (empty.length === 0) return []
  const given = join(
    empty.map(({ column }) => sql`new.${id(column)} is not null`),
    ' or ',
  )
  return [refuse(input, table, empty, sql`(${given}) and ${direct}`)]
}

/** Refuses an old session's change of a column of the new version. */
export function misplacedUpdate(input: SyncInput, { table, rules, pending }: RowRules): Sql[] {
  const changed = anyChanged(rules.map(({ column, type }) => ({ physical: column, type })))
  if (changed === undefined) return []
  const settled = pending === null ? sql`` : sql`not old.${id(pending)} and `
  return [refuse(input, table, rules, sql`${settled}(${changed}) and ${direct}`)]
}

function refuse({ versionSchema }: SyncInput, table: string, rules: readonly RowRule[], condition: Sql): Sql {
  const columns = [...new Set(rules.map(({ origin }) => origin.column))]
  const migrations = [...new Set(rules.map(({ origin }) => origin.migration))]
  const what = columns.length === 1 ? `column ${columns.join('')}` : `one of the columns ${columns.join(', ')}`
  return sql`
    if ${condition} then
      raise object_not_in_prerequisite_state using
        message = ${literal(`a session of the old version wrote to ${what} of table ${table}, which only the new version has`)},
        detail = ${literal(`The value would be lost: migration ${migrations.join(', ')} computes it from what old sessions write.`)},
        hint = ${literal(`Use the new version in this session: set search_path to ${id(versionSchema).inline('postgres')}.`)};
    end if;`
}
