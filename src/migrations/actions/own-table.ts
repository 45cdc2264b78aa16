import type { DraftTable } from '../batch/draft.ts'
import type { Expression } from '../batch/expression.ts'
import type { KeyPath } from './action.ts'
import { problem, warning, type ActionContext } from './context.ts'

/** A value that existing rows get, as its action writes it. */
interface WrittenValue {
  readonly path: KeyPath
  readonly expression: Expression
  readonly hasOnInsert: boolean
  readonly nullable: boolean
}

/** Says so when a row that is being inserted would not find itself in its own table. */
export function readsOwnTable(
  context: ActionContext,
  table: DraftTable,
  { path, expression, hasOnInsert, nullable }: WrittenValue,
): void {
  if (hasOnInsert || !expression.tables.some((name) => name === table.name || name === table.physical)) return
  const say = nullable ? warning : problem
  say(
    context,
    path,
    `up reads ${table.name} itself, where a row that is being inserted is not yet: old sessions' inserts would get null.`,
    'Add on_insert = "<SQL>" to the action: the value for a row that is being inserted.',
  )
}
