import type { RemoveIndex } from './action.ts'
import { nearest } from '../../nearest.ts'
import { problem, stepOf, type ActionContext } from './context.ts'

/** The index serves both versions until the batch is complete, and is then dropped without blocking writers. */
export function compileRemoveIndex(action: RemoveIndex, context: ActionContext): void {
  const { draft } = context
  const name = action.index
  const all = draft.tables.flatMap((table) => table.indexes.filter(({ removed }) => !removed))
  const index = all.find((candidate) => candidate.name === name)
  if (index === undefined) {
    const other = nearest(
      name,
      all.flatMap((candidate) => (candidate.constraint === null ? [candidate.name] : [])),
    )
    const removed = draft.tables.some((table) => table.indexes.some((candidate) => candidate.name === name))
    problem(
      context,
      ['index'],
      removed ? `Index ${name} is removed by an earlier action of the batch.` : `There is no index ${name}.`,
      other === undefined ? 'Name an index that exists at this place of the batch.' : `Did you mean ${other}?`,
    )
    return
  }
  if (index.constraint !== null) {
    problem(
      context,
      ['index'],
      `Index ${name} serves the constraint ${index.constraint} and cannot go without it.`,
      'Drop the constraint by a custom action (alter table … drop constraint).',
    )
    return
  }
  index.removed = true
  draft.finish.push(() => [
    stepOf(context, 'drop', `drop index ${name}`, { kind: 'drop_index', schema: draft.base, name }),
  ])
}
