import { id, sql } from '../../database/database.ts'
import { alterTable, columnNow, isThere, lockOf, scopeOf, type DraftTable } from '../batch/draft.ts'
import { keyBefore, valueBefore } from '../batch/value-before.ts'
import type { CheckedValue } from '../preflight/checked-rows.ts'
import { orphansCheck } from '../preflight/data-checks.ts'
import type { DataCheck } from '../preflight/preflight-plan.ts'
import type { AddForeignKey } from './action.ts'
import { bindForeignKey } from './bindings.ts'
import { internal, placeOf, problem, requireTable, stepOf, transaction, type ActionContext } from './context.ts'
import { foreignKeyName, foreignKeyNow, foreignKeyOf, type ForeignKey } from './foreign-key.ts'

/** Added without a look at existing rows, then checked against them; it binds both versions from then on. */
export function compileAddForeignKey(action: AddForeignKey, context: ActionContext): void {
  const { draft } = context
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined) return
  const key = foreignKeyOf(context, table, action.foreign_key, ['foreign_key'])
  if (key === undefined) return
  bindForeignKey(context, ['foreign_key'], action.foreign_key, [scopeOf(table), scopeOf(key.references)])
  const name = foreignKeyName(table, action.foreign_key.columns)
  if (table.constraints.some((constraint) => constraint.name === name && !constraint.removed)) {
    problem(
      context,
      ['foreign_key'],
      `Table ${table.name} has a constraint ${name} already.`,
      'Rename or remove that one first.',
    )
    return
  }
  const constraint: DraftTable['constraints'][number] = {
    name,
    kind: 'foreign_key',
    columns: action.foreign_key.columns,
    existed: false,
    references: key.references.physical,
    removed: false,
  }
  table.constraints.push(constraint)
  if (key.references !== table) table.swapWith.add(key.references.physical)

  const since = sinceNow(table, key.references)
  draft.finalDataChecks.push(() =>
    isThere(draft, table, name) ? orphansOf(action, name, ...since, context) : undefined,
  )
  addKey(action, name, table, key, context)
}

function addKey(action: AddForeignKey, name: string, table: DraftTable, key: ForeignKey, context: ActionContext): void {
  const { draft } = context
  const since = sinceNow(table, key.references)
  const temporary = internal(context, 'foreign_key', name)
  const tables = [...new Set([table.physical, key.references.physical])]
  const drop = transaction(
    tables.map((physical) => lockOf(draft, physical)),
    alterTable(draft, table, sql`drop constraint if exists ${id(temporary)}`),
  )
  draft.keys.push(() => {
    const now = foreignKeyNow(context, action.foreign_key, ...since, key)
    return [
      stepOf(
        context,
        'add',
        `add foreign key ${name}`,
        transaction(
          tables.map((physical) => lockOf(draft, physical, 'share row exclusive')),
          alterTable(draft, table, sql`add constraint ${id(temporary)} ${now} not valid`),
        ),
        [drop],
      ),
      stepOf(
        context,
        'validate',
        `check existing rows against foreign key ${name}`,
        transaction([], alterTable(draft, table, sql`validate constraint ${id(temporary)}`)),
      ),
    ]
  })
  table.atSwap.push(() => [alterTable(draft, table, sql`rename constraint ${id(temporary)} to ${id(name)}`)])
}

/** Tables, and how often their columns had been renamed when the action was read. */
type Since = readonly [readonly [DraftTable, number], readonly [DraftTable, number]]

function sinceNow(table: DraftTable, references: DraftTable): Since {
  return [
    [table, table.renames.length],
    [references, references.renames.length],
  ]
}

function orphansOf(
  { foreign_key }: AddForeignKey,
  name: string,
  [table, since]: readonly [DraftTable, number],
  [references, sinceThere]: readonly [DraftTable, number],
  context: ActionContext,
): DataCheck | undefined {
  const { draft } = context
  const { columns, referenced_columns } = foreign_key
  const valuesOf = (owner: DraftTable, names: readonly string[], from: number): CheckedValue[] =>
    names.flatMap((column) => {
      const value = valueBefore(draft, owner, columnNow(owner, column, from)?.name ?? column)
      return value === undefined ? [] : [{ name: column, value }]
    })
  const own = valuesOf(table, columns, since)
  const theirs = valuesOf(references, referenced_columns, sinceThere)
  if (own.length < columns.length || theirs.length < columns.length) return undefined
  // A key with a null in it refers to nothing, and a column that has just been added has null in every row.
  if (own.some(({ value }) => value.inline('postgres') === 'null')) return undefined
  return orphansCheck({
    schema: draft.base,
    table: table.physical,
    name: table.name,
    key: keyBefore(table),
    columns: own,
    referenced: { schema: draft.base, table: references.physical, name: references.name, columns: theirs },
    label: `foreign key ${name}`,
    place: placeOf(context, ['foreign_key']),
  })
}
