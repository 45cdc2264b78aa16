import { id, sql } from '../../database/database.ts'
import type { RequireRule } from './rule.ts'
import type { SyncInput } from './sync-input.ts'
import { updatedColumns } from './row-rules.ts'
import { isSession, type SyncTrigger } from './trigger.ts'

/** The triggers that keep old sessions from leaving a column null which the database lets be null for the others. */
export function requiredColumns(input: SyncInput, table: string, rules: readonly RequireRule[]): SyncTrigger[] {
  return rules.flatMap(({ column, origin }, index): SyncTrigger[] => {
    const session = isSession(input, 'old')
    const missing = sql`new.${id(column)} is null`
    const on = {
      table,
      order: 'last',
      place: 900 + index,
      calls: { kind: 'refusal', arguments: [column, origin.migration] },
    } as const
    return [
      { ...on, event: 'before insert', columns: null, when: sql`${missing} and ${session}` },
      {
        ...on,
        event: 'before update',
        columns: updatedColumns(input, table, [column]),
        when: sql`${missing} and old.${id(column)} is not null and ${session}`,
      },
    ]
  })
}
