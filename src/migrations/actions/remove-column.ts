import { id, sql } from '../../database/database.ts'
import { alterTable, lockOf, scopeOf, tableId, type DraftColumn, type DraftTable } from '../batch/draft.ts'
import { dependentsOfTable } from '../preflight/dependents-check.ts'
import type { CrossTable, RemoveColumn } from './action.ts'
import {
  expressionOf,
  lint,
  originOf,
  placeOf,
  problem,
  requireColumn,
  requireTable,
  stepOf,
  transaction,
  volatile,
  internal,
  type ActionContext,
} from './context.ts'
import { crossRule } from './cross-table.ts'
import { physicalName } from './remove-table.ts'

/** The new version no longer sees the column; `down` says what old sessions read in rows that new ones write. */
export function compileRemoveColumn(action: RemoveColumn, context: ActionContext): void {
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined) return
  const column = requireColumn(context, table, action.column, ['column'])
  if (column === undefined || !removable(context, table, column)) return

  if (typeof action.down === 'string') addDownRule(context, table, column, action.down)
  else if (action.down !== undefined) addCrossRule(context, table, column, action.down)
  else if (!column.nullable && column.default === null && column.original?.identity == null && !table.created) {
    lint(
      context,
      ['column'],
      `Column ${table.name}.${column.name} must not be null, and nothing says what new sessions give it.`,
      'Add down = "<SQL>": the value that old sessions read in rows that new sessions insert.',
    )
  }

  table.columns.splice(table.columns.indexOf(column), 1)
  table.removedColumns.push(column)
  for (const index of table.indexes) if (indexUses(table, index.name, column)) index.removed = true
  for (const constraint of table.constraints) {
    if (constraint.columns.includes(action.column) && constraint.kind !== 'check') constraint.removed = true
  }
  if (column.original !== null) checkDependents(context, table, column)
  dropAtTheEnd(context, table, column)
}

function removable(context: ActionContext, table: DraftTable, column: DraftColumn): boolean {
  const key = table.constraints.find(
    ({ kind, columns, removed }) => kind === 'primary_key' && !removed && columns.includes(column.name),
  )
  if (key !== undefined) {
    problem(
      context,
      ['column'],
      `Column ${table.name}.${column.name} is part of the primary key ${key.name}.`,
      'Keep it, or make a new table with another key.',
    )
    return false
  }
  const { original } = column
  const references = context.draft.catalog.tables.flatMap((other) =>
    other.constraints.filter(
      (constraint) =>
        constraint.kind === 'foreign_key' &&
        constraint.references.schema === context.draft.base &&
        constraint.references.name === table.physical &&
        original !== null &&
        constraint.references.columns.includes(original.name) &&
        !isRemoved(context, other.name, constraint.name),
    ),
  )
  for (const { name } of references) {
    problem(
      context,
      ['column'],
      `Column ${table.name}.${column.name} cannot be removed: foreign key ${name} refers to it.`,
      'Remove the foreign key in an earlier action (remove_foreign_key).',
    )
  }
  return references.length === 0
}

function isRemoved({ draft }: ActionContext, table: string, constraint: string): boolean {
  if (draft.removed.some(({ physical }) => physical === table)) return true
  const found = draft.tables.find(({ physical }) => physical === table)
  return found?.constraints.find(({ name }) => name === constraint)?.removed ?? false
}

function addDownRule(context: ActionContext, table: DraftTable, column: DraftColumn, down: string): void {
  const { draft } = context
  const scope = scopeOf(table)
  const expression = expressionOf(context, ['down'], down, {
    kind: 'value',
    rows: [scope],
    type: column.type,
    side: 'new',
  })
  if (expression === undefined) return
  draft.rules.push({
    kind: 'compute',
    direction: 'down',
    table: table.physical,
    column: column.physical,
    type: column.type,
    expression,
    onInsert: null,
    scope,
    volatile: volatile(context, expression),
    counterpart: null,
    errors: 'fail',
    backfill: null,
    origin: originOf(context, column.name),
  })
}

// The value is in another table, perhaps not yet: meanwhile the column may be null, though not for old sessions.
function addCrossRule(context: ActionContext, table: DraftTable, column: DraftColumn, down: CrossTable): void {
  const { draft } = context
  const rule = crossRule(context, table, column, 'down', down)
  if (rule === undefined) return
  draft.rules.push(rule)
  if (column.nullable) return
  draft.rules.push({
    kind: 'require',
    direction: 'up',
    table: table.physical,
    column: column.physical,
    origin: originOf(context, column.name),
  })
  const check = internal(context, 'not_null', column.physical)
  const lock = lockOf(draft, table.physical)
  table.relaxations.push(
    stepOf(
      context,
      'relax',
      `let new sessions leave ${table.name}.${column.name} to its other table`,
      transaction([lock], alterTable(draft, table, sql`alter column ${id(column.physical)} drop not null`)),
      [
        transaction(
          [lock],
          alterTable(draft, table, sql`drop constraint if exists ${id(check)}`),
          alterTable(
            draft,
            table,
            sql`add constraint ${id(check)} check (${id(column.physical)} is not null) not valid`,
          ),
        ),
        transaction([], alterTable(draft, table, sql`validate constraint ${id(check)}`)),
        transaction(
          [lock],
          alterTable(draft, table, sql`alter column ${id(column.physical)} set not null`),
          alterTable(draft, table, sql`drop constraint if exists ${id(check)}`),
          ...restoreNotNullName(context, table, column),
        ),
      ],
    ),
  )
  draft.abortChecks.push({
    label: `${table.name}.${column.name} must not be null`,
    table: table.physical,
    column: column.physical,
    query: sql`select ctid from ${tableId(draft, table)} where ${id(column.physical)} is null limit 5`,
  })
}

// From 18 on SET NOT NULL makes a constraint with a name, which may have been another one.
function restoreNotNullName({ draft }: ActionContext, table: DraftTable, column: DraftColumn) {
  if (draft.input.serverMajor < 18) return []
  const named = table.original?.constraints.find(
    (constraint) => constraint.kind === 'not_null' && constraint.column === column.physical,
  )
  const made = `${table.physical}_${column.physical}_not_null`
  if (named === undefined || named.name === made) return []
  return [alterTable(draft, table, sql`rename constraint ${id(made)} to ${id(named.name)}`)]
}

function indexUses(table: DraftTable, index: string, column: DraftColumn): boolean {
  const found = table.original?.indexes.find(({ name }) => name === index)
  if (found === undefined || column.original === null) return false
  const { name } = column.original
  return found.include.includes(name) || found.keys.some((key) => key.kind === 'column' && key.column === name)
}

function checkDependents(context: ActionContext, table: DraftTable, column: DraftColumn): void {
  const { draft } = context
  if (column.original === null || column.physical !== column.original.name) return
  draft.checks.push(
    dependentsOfTable({
      schema: draft.base,
      table: table.physical,
      column: column.physical,
      ignoredSchemas: [draft.newSchema, ...(draft.oldSchema === null ? [] : [draft.oldSchema])],
      label: `remove column ${table.name}.${column.name}`,
      place: placeOf(context, ['column']),
    }),
  )
}

function dropAtTheEnd(context: ActionContext, table: DraftTable, column: DraftColumn): void {
  const { draft } = context
  const plainIndexes = (table.original?.indexes ?? []).filter(
    ({ name, constraint }) => constraint === null && indexUses(table, name, column),
  )
  draft.finish.push(() => {
    if (draft.removed.includes(table)) return []
    const others = table.constraints.flatMap(({ columns, references }) =>
      references !== null && columns.includes(column.name) ? [references] : [],
    )
    const locks = [...new Set([physicalName(table, draft), ...others.map((name) => finalName(draft, name))])]
    return [
      ...plainIndexes.map(({ name }) =>
        stepOf(context, `drop_index/${name}`, `drop index ${name}`, {
          kind: 'drop_index',
          schema: draft.base,
          name,
        }),
      ),
      stepOf(
        context,
        'drop',
        `drop column ${table.name}.${column.name}`,
        transaction(
          locks.map((name) => lockOf(draft, name)),
          sql`
            alter table ${id(draft.base, physicalName(table, draft))}
            drop column if exists ${id(removedName(table, column))}`,
        ),
      ),
    ]
  })
}

/** What a removed column is called after the swap: its own name, or out of the way where another one takes that. */
export function removedName(table: DraftTable, column: DraftColumn): string {
  return table.columns.some(({ name }) => name === column.physical)
    ? `__metastore_removed_${column.physical}`.slice(0, 50)
    : column.physical
}

function finalName(draft: ActionContext['draft'], physical: string): string {
  const table = [...draft.tables, ...draft.removed].find((candidate) => candidate.physical === physical)
  return table === undefined ? physical : physicalName(table, draft)
}
