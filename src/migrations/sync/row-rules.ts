import type { ScopeColumn } from '../batch/row-scope.ts'
import { computeTriggers } from './compute.ts'
import { lookupTriggers } from './lookup.ts'
import type { ComputeRule, LookupRule } from './rule.ts'
import type { SyncInput } from './sync-input.ts'

/** A rule that gives a column of the row that is written. */
export type RowRule = ComputeRule | LookupRule

/** A table with the rules for its own rows. */
export interface RowRules {
  readonly table: string
  /** In the order of the batch. */
  readonly rules: readonly RowRule[]
  /** The column of the pending mark. */
  readonly pending: string | null
}

/** The columns of the row that a change of gives the rule's column a new value. */
export function triggersOf(input: SyncInput, rule: RowRule): readonly ScopeColumn[] {
  return rule.kind === 'compute' ? computeTriggers(input, rule) : lookupTriggers(input, rule)
}

/**
 * The columns after UPDATE OF for a trigger that looks at some: those, and all from which triggers of ours compute them. An
 * update of others then costs next to nothing. Null, for all columns, where triggers of others may change them as well.
 */
export function updatedColumns(input: SyncInput, table: string, columns: readonly string[]): readonly string[] | null {
  if (input.userTriggers(table).length > 0) return null
  const found = new Set(columns)
  const rules = input.rules.flatMap((rule) =>
    rule.table === table && (rule.kind === 'compute' || rule.kind === 'lookup') ? [rule] : [],
  )
  for (let size = -1; size < found.size;) {
    size = found.size
    for (const rule of rules) {
      if (found.has(rule.column)) for (const { physical } of triggersOf(input, rule)) found.add(physical)
    }
  }
  return [...found]
}
