import { id, sql } from '../../database/database.ts'
import { alterTable, lockOf, type DraftConstraint, type DraftTable } from '../batch/draft.ts'
import { nearest } from '../../nearest.ts'
import type { RemoveCheck, RemoveForeignKey } from './action.ts'
import { problem, requireTable, stepOf, transaction, type ActionContext } from './context.ts'
import { physicalName } from './remove-table.ts'

/** A foreign key that goes on binding both versions until the batch is complete. */
export function compileRemoveForeignKey(action: RemoveForeignKey, context: ActionContext): void {
  removeConstraint(context, action.table, action.foreign_key, 'foreign_key')
}

/** A check that goes on binding both versions until the batch is complete. */
export function compileRemoveCheck(action: RemoveCheck, context: ActionContext): void {
  removeConstraint(context, action.table, action.check, 'check')
}

function removeConstraint(
  context: ActionContext,
  tableName: string,
  name: string,
  kind: 'foreign_key' | 'check',
): void {
  const { draft } = context
  const table = requireTable(context, tableName, ['table'])
  if (table === undefined) return
  const candidates = table.constraints.filter((constraint) => constraint.kind === kind && !constraint.removed)
  const constraint = candidates.find((candidate) => candidate.name === name)
  const what = kind === 'check' ? 'check' : 'foreign key'
  if (constraint === undefined) {
    const removed = table.constraints.some((candidate) => candidate.kind === kind && candidate.name === name)
    const other = nearest(
      name,
      candidates.map((candidate) => candidate.name),
    )
    problem(
      context,
      [kind],
      removed
        ? `The ${what} ${name} of ${table.name} is removed by an earlier action of the batch.`
        : `Table ${table.name} has no ${what} ${name}.`,
      other === undefined ? remedyFor(what, candidates) : `Did you mean ${other}?`,
    )
    return
  }
  constraint.removed = true
  // Two constraints of a table cannot have one name, so one that makes room for another goes in the swap.
  table.atSwap.push(() =>
    isReplaced(table, constraint)
      ? [alterTable(draft, table, sql`drop constraint if exists ${id(constraint.name)}`)]
      : [],
  )
  draft.finalChecks.push(() => {
    const { references } = constraint
    if (isReplaced(table, constraint) && references !== null) table.swapWith.add(references)
  })
  draft.finish.push(() => {
    if (draft.removed.includes(table) || isReplaced(table, constraint)) return []
    const other = [...draft.tables, ...draft.removed].find(({ physical }) => physical === constraint.references)
    // With a removed table goes what refers to it.
    if (other !== undefined && draft.removed.includes(other)) return []
    const tables = new Set([table, ...(other === undefined ? [] : [other])])
    return [
      stepOf(
        context,
        'drop',
        `drop ${what} ${name}`,
        transaction(
          [...tables].map((one) => lockOf(draft, physicalName(one, draft))),
          sql`
            alter table ${id(draft.base, physicalName(table, draft))}
            drop constraint if exists ${id(name)}`,
        ),
      ),
    ]
  })
}

function isReplaced(table: DraftTable, constraint: DraftConstraint): boolean {
  return table.constraints.some((other) => other !== constraint && !other.removed && other.name === constraint.name)
}

function remedyFor(what: string, candidates: readonly DraftTable['constraints'][number][]): string {
  if (candidates.length === 0) return `The table has no ${what} at this place of the batch.`
  return `Name one that it has: ${candidates.map(({ name }) => name).join(', ')}.`
}
