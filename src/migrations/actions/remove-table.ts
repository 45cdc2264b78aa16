import { id, sql, type Sql } from '../../database/database.ts'
import { alterTable, lockOf, type Draft, type DraftTable } from '../batch/draft.ts'
import { internalName } from '../batch/names.ts'
import { dependentsOfTable } from '../preflight/dependents-check.ts'
import type { RemoveTable } from './action.ts'
import { placeOf, problem, requireTable, stepOf, transaction, type ActionContext } from './context.ts'

/** The new version no longer sees the table; it goes when the batch completes, and never takes anything with it. */
export function compileRemoveTable(action: RemoveTable, context: ActionContext): void {
  const { draft } = context
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined) return
  draft.tables.splice(draft.tables.indexOf(table), 1)
  draft.removed.push(table)
  draft.finalChecks.push(() => refuseReferences(context, table))
  if (table.original !== null) {
    draft.checks.push(
      dependentsOfTable({
        schema: draft.base,
        table: table.physical,
        ignoredSchemas: [draft.newSchema, ...(draft.oldSchema === null ? [] : [draft.oldSchema])],
        label: `remove table ${action.table}`,
        place: placeOf(context, ['table']),
      }),
    )
  }
  draft.finish.push(() => {
    // Tables that were removed before it are gone by now, and their keys with them.
    const gone = new Set(draft.removed.slice(0, draft.removed.indexOf(table) + 1))
    const keys = referencesTo(draft, table.physical).filter((key) => !gone.has(key.table))
    const locks = [table, ...keys.map((key) => key.table)].map((one) => lockOf(draft, physicalName(one, draft)))
    return [
      stepOf(
        context,
        'drop',
        `drop table ${table.name}`,
        transaction(
          locks,
          ...keys.map(({ table: other, name }) =>
            alterTable(draft, { physical: physicalName(other, draft) }, sql`drop constraint if exists ${id(name)}`),
          ),
          sql`drop table if exists ${id(draft.base, physicalName(table, draft))}` satisfies Sql,
        ),
      ),
    ]
  })
}

/** What a table is called once the swap is done: its final name, or out of the way where another one needs its name. */
export function physicalName(table: DraftTable, draft: Draft): string {
  if (!draft.removed.includes(table)) return table.name
  return draft.tables.some(({ name }) => name === table.physical) ? parkedName(table) : table.physical
}

/** The name of a removed table whose own name another one takes. */
export function parkedName(table: DraftTable): string {
  return internalName('removed', table.physical)
}

interface Reference {
  readonly table: DraftTable
  readonly name: string
  /** Whether an action of the batch removes it, which may be done only after the table has gone. */
  readonly removed: boolean
}

function referencesTo(draft: Draft, physical: string): Reference[] {
  return [...draft.tables, ...draft.removed].flatMap((table) =>
    table.constraints
      .filter(({ kind, references }) => kind === 'foreign_key' && references === physical)
      .map(({ name, removed }) => ({ table, name, removed })),
  )
}

function refuseReferences(context: ActionContext, table: DraftTable): void {
  const keys = referencesTo(context.draft, table.physical).filter(
    (key) => !key.removed && context.draft.tables.includes(key.table),
  )
  for (const key of keys) {
    problem(
      context,
      ['table'],
      `Table ${table.name} cannot be removed: foreign key ${key.name} of ${key.table.name} refers to it.`,
      `Remove the foreign key in the same batch (remove_foreign_key), or ${key.table.name} too.`,
    )
  }
}
