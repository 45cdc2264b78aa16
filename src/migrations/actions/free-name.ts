import { relationExists, typeExists, type ActionContext } from './context.ts'

/** Whether the new version may call a table so: nothing it sees has the name, and what has it in the database gives it up. */
export function nameIsFree(context: ActionContext, name: string): boolean {
  const { draft } = context
  if (draft.tables.some((table) => table.name === name)) return false
  if (typeExists(context, name)) return false
  return !relationExists(context, name) || isGivenUp(context, name)
}

/** Whether a table of this batch has the name in the database now, and will not have it in the end. */
function isGivenUp({ draft }: Pick<ActionContext, 'draft'>, name: string): boolean {
  return (
    draft.removed.some(({ physical }) => physical === name) ||
    draft.tables.some((table) => table.physical === name && table.name !== name)
  )
}
