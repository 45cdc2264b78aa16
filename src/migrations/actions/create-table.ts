import { id, join, literal, raw, sql, type Sql } from '../../database/database.ts'
import { lockOf, scopeOf, selectedColumns, type DraftColumn, type DraftTable } from '../batch/draft.ts'
import { columnDefinition, parseGenerated } from '../batch/definitions.ts'
import { renderExpression } from '../batch/expression.ts'
import type { PhaseStep } from '../batch/phase-step.ts'
import type { ColumnDeclaration, CreateTable } from './action.ts'
import { bindDefault, bindForeignKey, bindType } from './bindings.ts'
import { resolveType } from './column-parts.ts'
import {
  expressionOf,
  internal,
  problem,
  relationExists,
  typeExists,
  stepOf,
  transaction,
  type ActionContext,
} from './context.ts'
import { nameIsFree } from './free-name.ts'
import { deriveRows } from './derive-rows.ts'
import { foreignKeyName, foreignKeyOf } from './foreign-key.ts'
import { nameParts } from './name-parts.ts'

/** The table is made at once, under its final name; only the new version's schema shows it. */
export function compileCreateTable(action: CreateTable, context: ActionContext): void {
  const { draft } = context
  if (!nameIsFree(context, action.name)) {
    problem(
      context,
      ['name'],
      takenBy(context, action.name),
      'Choose another name, or remove or rename what has it in an earlier action.',
    )
    return
  }
  // Short, so that the names which the server makes of it begin with all of it.
  const physical = relationExists(context, action.name) ? internal(context, action.name, 'table') : action.name
  const table: DraftTable = {
    name: action.name,
    physical,
    created: true,
    original: null,
    columns: action.columns.map((column) => draftColumn(column, action, context)),
    renames: [],
    removedColumns: [],
    spentColumns: [],
    constraints: [],
    indexes: [],
    guards: [],
    relaxations: [],
    atSwap: [],
    swapWith: new Set(),
    comment: action.comment ?? null,
  }
  if (!checkColumns(action, table, context)) return
  draft.tables.push(table)

  const parts = [...action.columns.map((column, place) => columnPart(column, table, context, place))]
  parts.push(sql`primary key (${join(action.primary_key.map((name) => id(name)))})`)
  table.constraints.push(constraint(`${action.name}_pkey`, 'primary_key', action.primary_key, null))
  const keys = foreignKeyParts(action, table, context)
  parts.push(...keys.parts, ...checkParts(action, table, context))
  draft.expand.push(createStep(action, table, parts, keys.locks, context))
  if (physical !== action.name) draft.finish.push(() => nameParts(table, context))
  if (action.up !== undefined) deriveRows(action.up, action, table, context)
  draft.losses.push(() =>
    draft.removed.includes(table)
      ? undefined
      : {
          what: table.name,
          count: sql`select count(*) as count from ${id(draft.base, physical)}`,
          rows: sql`select ${selectedColumns(table)} from ${id(draft.base, physical)}`,
        },
  )
}

function foreignKeyParts(
  action: CreateTable,
  table: DraftTable,
  context: ActionContext,
): { readonly parts: readonly Sql[]; readonly locks: ReadonlySet<string> } {
  const parts: Sql[] = []
  const locks = new Set<string>()
  for (const [place, key] of (action.foreign_keys ?? []).entries()) {
    const target = foreignKeyOf(context, table, key, ['foreign_keys', place])
    if (target === undefined) continue
    bindForeignKey(context, ['foreign_keys', place], key, [scopeOf(table), scopeOf(target.references)])
    parts.push(sql`constraint ${id(foreignKeyName(table, key.columns))} ${target.definition}`)
    table.constraints.push(
      constraint(foreignKeyName(table, key.columns), 'foreign_key', key.columns, target.references.physical),
    )
    if (!target.references.created) locks.add(target.references.physical)
  }
  return { parts, locks }
}

function checkParts(action: CreateTable, table: DraftTable, context: ActionContext): readonly Sql[] {
  const parts: Sql[] = []
  for (const [place, check] of (action.checks ?? []).entries()) {
    const expression = expressionOf(context, ['checks', place, 'expression'], check.expression, {
      kind: 'check',
      rows: [scopeOf(table)],
      type: null,
      side: 'new',
    })
    if (expression === undefined) continue
    const name = check.name === undefined ? sql`` : sql`constraint ${id(check.name)} `
    // While it waits for its name, the author's name of it is unknown to the server.
    const rule =
      table.physical === action.name
        ? sql`(${raw(check.expression)})`
        : renderExpression(expression, scopeOf(table), (column) => id(column))
    parts.push(sql`${name}check ${rule}`)
    if (check.name !== undefined) table.constraints.push(constraint(check.name, 'check', [], null))
  }
  return parts
}

function createStep(
  action: CreateTable,
  table: DraftTable,
  parts: readonly Sql[],
  locks: ReadonlySet<string>,
  context: ActionContext,
): PhaseStep {
  const { draft } = context
  const { physical } = table
  const statements: Sql[] = [
    sql`
      create table ${id(draft.base, physical)} (
        ${join(parts, ',\n  ')}
      )`,
    ...comments(action, physical, draft.base),
  ]
  return stepOf(
    context,
    'create',
    `create table ${action.name}`,
    transaction(
      [...locks].map((name) => lockOf(draft, name, 'share row exclusive')),
      ...statements,
    ),
    [
      transaction(
        [...locks].map((name) => lockOf(draft, name)),
        sql`drop table if exists ${id(draft.base, physical)}`,
      ),
    ],
  )
}

function takenBy(context: ActionContext, name: string): string {
  if (relationExists(context, name)) return `There is a table, view, index or sequence ${name} already.`
  if (typeExists(context, name)) return `There is a type ${name} already.`
  return `Table ${name} is created twice.`
}

function draftColumn(column: ColumnDeclaration, action: CreateTable, context: ActionContext): DraftColumn {
  return {
    name: column.name,
    physical: column.name,
    type: resolveType(context, column.type),
    nullable: (column.nullable ?? true) && !action.primary_key.includes(column.name),
    default: column.default ?? null,
    original: null,
    viewDefault: null,
    comment: column.comment ?? null,
    identity: null,
  }
}

function checkColumns(action: CreateTable, table: DraftTable, context: ActionContext): boolean {
  const before = context.draft.problems.length
  const seen = new Set<string>()
  for (const [place, { name }] of action.columns.entries()) {
    if (seen.has(name)) {
      problem(context, ['columns', place, 'name'], `Column ${name} is declared twice.`, 'Remove one of the two.')
    }
    seen.add(name)
  }
  for (const name of action.primary_key) {
    if (!seen.has(name)) {
      problem(
        context,
        ['primary_key'],
        `The primary key of ${table.name} names ${name}, which is no column of it.`,
        `Use columns of the table: ${[...seen].join(', ')}.`,
      )
    }
  }
  return context.draft.problems.length === before
}

function columnPart(column: ColumnDeclaration, table: DraftTable, context: ActionContext, place: number): Sql {
  const type = resolveType(context, column.type)
  bindType(context, ['columns', place, 'type'], type)
  if (column.default !== undefined) bindDefault(context, ['columns', place, 'default'], column.default, type)
  const generated =
    column.generated === undefined ? undefined : parseGenerated(column.generated, context.draft.input.parser)
  if (generated?.kind === 'problem') {
    problem(context, ['columns', place, 'generated'], generated.message, generated.remedy)
  }
  return columnDefinition({
    name: column.name,
    type,
    nullable: column.nullable,
    default: column.default,
    generated: generated?.kind === 'problem' ? undefined : generated,
  })
}

function comments(action: CreateTable, physical: string, base: string): Sql[] {
  return [
    ...(action.comment === undefined
      ? []
      : [sql`comment on table ${id(base, physical)} is ${literal(action.comment)}`]),
    ...action.columns.flatMap(({ name, comment }) =>
      comment === undefined ? [] : [sql`comment on column ${id(base, physical, name)} is ${literal(comment)}`],
    ),
  ]
}

function constraint(
  name: string,
  kind: 'primary_key' | 'foreign_key' | 'check',
  columns: readonly string[],
  references: string | null,
): DraftTable['constraints'][number] {
  return { name, kind, columns, existed: false, references, removed: false }
}
