import { id, sql, type Sql } from '../../database/database.ts'
import { columnNow, lockOf, scopeNow, scopeOf, type Draft, type DraftTable } from '../batch/draft.ts'
import { indexDefinition } from '../batch/definitions.ts'
import { parseExpression } from '../batch/expression.ts'
import type { PhaseStep } from '../batch/phase-step.ts'
import type { RowScope } from '../batch/row-scope.ts'
import { expressionBefore } from '../batch/value-before.ts'
import type { CheckedValue } from '../preflight/checked-rows.ts'
import { duplicatesCheck } from '../preflight/data-checks.ts'
import type { DataCheck } from '../preflight/preflight-plan.ts'
import type { AddIndex } from './action.ts'
import { bindIndex } from './bindings.ts'
import {
  expressionOf,
  internal,
  placeOf,
  problem,
  relationExists,
  requireColumn,
  requireTable,
  stepOf,
  transaction,
  type ActionContext,
} from './context.ts'

/** Built without blocking writers; it binds both versions from then on. */
export function compileAddIndex(action: AddIndex, context: ActionContext): void {
  const { draft } = context
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined || !usable(action, table, context)) return
  const { index } = action
  table.indexes.push({ name: index.name, constraint: null, existed: false, removed: false })
  const entry = table.indexes.at(-1)
  const label = `${index.unique === true ? 'unique index' : 'index'} ${index.name}`
  const [scope, since] = [scopeOf(table), table.renames.length]
  const definition = () => indexDefinition(index, scopeNow(table, scope, since), draft.input.parser)
  table.atSwap.push(() => (entry?.removed === true ? [] : renameKeys(action, table, since, draft)))
  if (table.created) {
    const name = id(index.name)
    draft.expand.push(
      stepOf(
        context,
        'create',
        `create ${label}`,
        transaction(
          [lockOf(draft, table.physical, 'share row exclusive')],
          sql`create ${unique(action)}index ${name} on ${id(draft.base, table.physical)} ${definition()}`,
        ),
        [transaction([], sql`drop index if exists ${id(draft.base, index.name)}`)],
      ),
    )
    return
  }
  if (index.unique === true) {
    draft.finalDataChecks.push(() =>
      entry?.removed === true || draft.removed.includes(table)
        ? undefined
        : duplicatesOf(action, table, scopeNow(table, scope, since), context),
    )
  }
  draft.indexes.push(() =>
    entry?.removed === true || draft.removed.includes(table)
      ? []
      : [buildStep(action, table, label, definition(), context)],
  )
}

function buildStep(
  action: AddIndex,
  table: DraftTable,
  label: string,
  definition: Sql,
  context: ActionContext,
): PhaseStep {
  const { index } = action
  const schema = context.draft.base
  const internalName = internal(context, 'index', index.name)
  const partitioned = table.original?.kind === 'partitioned'
  const partitionsOf = partitioned ? table.physical : undefined
  return stepOf(
    context,
    'build',
    `build ${label}`,
    {
      kind: 'build_index',
      schema,
      table: table.physical,
      internalName,
      finalName: index.name,
      definition,
      unique: index.unique === true,
      partitioned,
    },
    [
      { kind: 'drop_index', schema, name: internalName, partitionsOf },
      { kind: 'drop_index', schema, name: index.name },
    ],
  )
}

function unique(action: AddIndex): Sql {
  return action.index.unique === true ? sql`unique ` : sql``
}

function usable(action: AddIndex, table: DraftTable, context: ActionContext): boolean {
  const { index } = action
  const before = context.draft.problems.length
  if (relationExists(context, index.name) || isAdded(context.draft, index.name)) {
    problem(
      context,
      ['index', 'name'],
      `There is an index, table or view ${index.name} already.`,
      'Choose another name.',
    )
  }
  for (const [place, key] of index.columns.entries()) {
    if (key.column !== undefined) requireColumn(context, table, key.column, ['index', 'columns', place])
    else if (key.expression !== undefined) {
      expressionOf(context, ['index', 'columns', place, 'expression'], key.expression, {
        kind: 'index_key',
        rows: [scopeOf(table)],
        type: null,
        side: 'new',
      })
    }
  }
  if (index.where !== undefined) {
    expressionOf(context, ['index', 'where'], index.where, {
      kind: 'index_condition',
      rows: [scopeOf(table)],
      type: null,
      side: 'new',
    })
  }
  const usable = context.draft.problems.length === before
  if (usable) bindIndex(context, ['index'], index, scopeOf(table))
  return usable
}

function isAdded(draft: Draft, name: string): boolean {
  return draft.tables.some(({ indexes }) => indexes.some((index) => !index.existed && index.name === name))
}

// An index keeps names of its own for its columns, which a renamed column of the table leaves as they are.
function renameKeys({ index }: AddIndex, table: DraftTable, since: number, { base }: Draft): Sql[] {
  const names = new Set(index.columns.flatMap(({ column }) => (column === undefined ? [] : [column])))
  return [...names].flatMap((name) => {
    const column = columnNow(table, name, since)
    if (column === undefined || column.physical === column.name || column.physical === name) return []
    return [sql`alter table ${id(base, index.name)} rename column ${id(column.physical)} to ${id(column.name)}`]
  })
}

// Rows that a change of this batch gives a value are judged by that value.
function duplicatesOf(
  { index }: AddIndex,
  table: DraftTable,
  scope: RowScope,
  context: ActionContext,
): DataCheck | undefined {
  const { draft } = context
  const before = (text: string) => expressionBefore(draft, table, parseExpression(text, draft.input.parser), scope)
  const keys = index.columns.flatMap(({ column, expression }): CheckedValue[] => {
    const value = before(expression ?? id(column ?? '').inline('postgres'))
    return value === undefined ? [] : [{ name: column ?? expression ?? '', value }]
  })
  const where = index.where === undefined ? null : before(index.where)
  if (keys.length < index.columns.length || where === undefined) return undefined
  return duplicatesCheck({
    schema: draft.base,
    table: table.physical,
    name: table.name,
    keys,
    where,
    label: `unique index ${index.name}`,
    place: placeOf(context, ['index']),
  })
}
