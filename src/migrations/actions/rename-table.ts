import type { RenameTable } from './action.ts'
import { problem, requireTable, type ActionContext } from './context.ts'
import { nameIsFree } from './free-name.ts'

/** Only the new version's view has the new name until the swap. */
export function compileRenameTable(action: RenameTable, context: ActionContext): void {
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined || action.new_name === table.name) return
  if (!nameIsFree(context, action.new_name)) {
    problem(
      context,
      ['new_name'],
      `The name ${action.new_name} is taken.`,
      'Choose another name, or rename or remove the other one in an earlier action.',
    )
    return
  }
  table.name = action.new_name
}
