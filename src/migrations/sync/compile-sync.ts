import { id, sql, type Sql } from '../../database/database.ts'
import { internalName } from '../batch/names.ts'
import { beforeTriggers } from './before-triggers.ts'
import { deriveTriggers } from './derive.ts'
import { followUserTriggers } from './follow-user-triggers.ts'
import { pushTriggers } from './push.ts'
import { putOffRows, type PutOffRows } from './put-off.ts'
import { requiredColumns } from './required-column.ts'
import type { RowRules } from './row-rules.ts'
import type { SyncInput } from './sync-input.ts'
import { createTriggers, dropTriggers, type SyncTrigger } from './trigger.ts'

export { dropSyncSchema, ensureSyncSchema } from './sync-schema.ts'
export type { SyncInput } from './sync-input.ts'

/** What keeps one table in step: made in one transaction, and taken away in one, independently of other tables. */
export interface SyncObjects {
  /** By its name in the base schema. */
  readonly table: string
  /** The column of the pending mark: true for rows that are not in step yet; null where the table needs none. */
  readonly pending: string | null
  readonly create: readonly Sql[]
  /** Harmless for what is gone already. */
  readonly drop: readonly Sql[]
  /** Null where no rule lets a row wait. */
  readonly putOff: PutOffRows | null
}

/** The triggers, functions and pending marks of a batch, by table. */
export function compileSync(input: SyncInput): SyncObjects[] {
  const tables = new Set([
    ...input.rules.flatMap((rule) => ('source' in rule ? [rule.table, rule.source.table] : [rule.table])),
    ...input.pendingTables,
  ])
  return [...tables].flatMap((table) => {
    const pending = input.pendingTables.has(table) ? internalName(input.target, 'pending', table, 'pending') : null
    const triggers = triggersOf(input, table, pending)
    if (triggers.length === 0 && pending === null) return []
    return [{ table, pending, ...statements(input, table, pending, triggers), putOff: putOffOf(input, table, pending) }]
  })
}

function triggersOf(input: SyncInput, table: string, pending: string | null): SyncTrigger[] {
  const own: RowRules = {
    table,
    pending,
    rules: input.rules.flatMap((rule) =>
      rule.table === table && (rule.kind === 'compute' || rule.kind === 'lookup') ? [rule] : [],
    ),
  }
  const required = input.rules.flatMap((rule) => (rule.kind === 'require' && rule.table === table ? [rule] : []))
  const following = followUserTriggers(input, own)
  return [
    ...beforeTriggers(input, own, following.length > 0),
    ...following,
    ...requiredColumns(input, table, required),
    ...input.rules.flatMap((rule, index) => {
      if (rule.kind === 'lookup' && rule.source.table === table) return pushTriggers(input, rule, index + 1)
      if (rule.kind === 'derive' && rule.source.table === table) return deriveTriggers(input, rule, index + 1, pending)
      return []
    }),
  ]
}

function putOffOf(input: SyncInput, table: string, pending: string | null): PutOffRows | null {
  const waits = input.rules.some((rule) => rule.kind === 'compute' && rule.table === table && rule.errors === 'defer')
  return pending === null || !waits ? null : putOffRows(input, table, pending)
}

function statements(
  input: SyncInput,
  table: string,
  pending: string | null,
  triggers: readonly SyncTrigger[],
): Pick<SyncObjects, 'create' | 'drop'> {
  const path = id(input.base, table)
  const create = createTriggers(input, triggers)
  const drop = dropTriggers(input, triggers)
  if (pending === null) return { create, drop }
  return {
    // A constant default is no rewrite: existing rows are pending without being touched.
    create: [sql`alter table ${path} add column ${id(pending)} boolean default true`, ...create],
    drop: [...drop, sql`alter table if exists ${path} drop column if exists ${id(pending)}`],
  }
}
