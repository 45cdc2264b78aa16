import { id, literal, raw, sql, type Sql } from '../../database/database.ts'
import { carriedCollation, numberedDefault } from '../batch/carry-over.ts'
import { alterTable, lockOf, scopeOf, type DraftColumn, type DraftTable } from '../batch/draft.ts'
import { parseExpression, type Expression } from '../batch/expression.ts'
import type { RowScope } from '../batch/row-scope.ts'
import type { ComputeRule } from '../sync/rule.ts'
import type { Alteration } from './alteration.ts'
import { columnSql, notNullName, renameColumn } from './column-parts.ts'
import {
  expressionOf,
  internal,
  originOf,
  scopeWith,
  stepOf,
  transaction,
  volatile,
  type ActionContext,
} from './context.ts'
import { keyOf } from './cross-table.ts'
import { readsOwnTable } from './own-table.ts'

/** Puts a second column in the place of one, with the rules that keep both in step. */
export function replaceColumn(
  context: ActionContext,
  table: DraftTable,
  column: DraftColumn,
  alteration: Alteration,
): void {
  const { draft } = context
  const physical = internal(context, 'alter', table.physical, alteration.name)
  const before = scopeOf(table)
  // Numbers are drawn for new sessions by their view, and by the table's own column for old ones.
  const numbered =
    column.original !== null && alteration.default === column.original.default ? numberedDefault(column.original) : null
  const replacement: DraftColumn = {
    name: column.name,
    physical,
    type: alteration.type,
    nullable: alteration.nullable,
    default: alteration.default,
    original: column.original,
    viewDefault: numbered,
    comment: alteration.comment,
    identity: column.identity,
  }
  const pair: Pair = { table, column, replacement, alteration }
  const up = upRule(context, pair, before)
  const down = downRule(context, pair, scopeWith(before, column.name, physical, alteration.type))
  if (up === undefined || down === undefined) return
  draft.rules.push(up, down)
  addReplacement(context, pair)
  table.columns[table.columns.indexOf(column)] = replacement
  // The column of the table before the batch is dropped by the swap; one in between has no reader left.
  if (column.original === null || column.physical !== column.original.name) table.spentColumns.push(column.physical)
  renameColumn(table, replacement, alteration.name)
}

/** A column, the second one that comes into its place, and what is altered. */
interface Pair {
  readonly table: DraftTable
  readonly column: DraftColumn
  readonly replacement: DraftColumn
  readonly alteration: Alteration
}

function upRule(
  context: ActionContext,
  { table, column, replacement, alteration }: Pair,
  scope: RowScope,
): ComputeRule | undefined {
  const text = alteration.up ?? id(column.name).inline('postgres')
  const binding = { kind: 'value', rows: [scope], type: alteration.type, side: 'old' } as const
  const expression = ruleExpression(context, 'up', text, alteration, binding)
  if (expression === undefined) return undefined
  const onInsert =
    alteration.onInsert === undefined ? undefined : expressionOf(context, ['on_insert'], alteration.onInsert, binding)
  readsOwnTable(context, table, {
    path: ['up'],
    expression,
    hasOnInsert: onInsert !== undefined,
    nullable: alteration.nullable,
  })
  if (alteration.backfill !== undefined) {
    const query = {
      kind: 'query',
      rows: [],
      type: alteration.type,
      side: 'old',
      perRow: false,
      keys: keyOf(table),
    } as const
    expressionOf(context, ['backfill'], alteration.backfill, query)
  }
  return {
    kind: 'compute',
    direction: 'up',
    table: table.physical,
    column: replacement.physical,
    type: alteration.type,
    expression,
    onInsert: onInsert ?? null,
    scope,
    volatile: volatile(context, expression),
    counterpart: column.physical,
    errors: alteration.errors ?? 'fail',
    backfill: alteration.backfill ?? null,
    origin: originOf(context, column.name),
  }
}

function downRule(
  context: ActionContext,
  { table, column, replacement, alteration }: Pair,
  scope: RowScope,
): ComputeRule | undefined {
  const text = alteration.down ?? id(column.name).inline('postgres')
  const expression = ruleExpression(context, 'down', text, alteration, {
    kind: 'value',
    rows: [scope],
    type: column.type,
    side: 'new',
  })
  if (expression === undefined) return undefined
  return {
    kind: 'compute',
    direction: 'down',
    table: table.physical,
    column: column.physical,
    type: column.type,
    expression,
    onInsert: null,
    scope,
    volatile: volatile(context, expression),
    counterpart: replacement.physical,
    errors: 'fail',
    backfill: null,
    origin: originOf(context, column.name),
  }
}

// What the author did not write has no place in the file of its own, but a type may still not fit.
function ruleExpression(
  context: ActionContext,
  key: 'up' | 'down',
  text: string,
  alteration: Alteration,
  binding: { kind: 'value'; rows: readonly RowScope[]; type: string; side: 'old' | 'new' },
): Expression | undefined {
  if (!alteration.fromFile) return parseExpression(text, context.draft.input.parser)
  return expressionOf(context, alteration[key] === undefined ? ['changes'] : [key], text, binding)
}

function addReplacement(context: ActionContext, { table, column, replacement, alteration }: Pair): void {
  const { draft } = context
  const lock = lockOf(draft, table.physical)
  const value = replacement.viewDefault === null ? replacement.default : null
  const constant = value !== null && !isVolatileDefault(context, value)
  const statements: Sql[] = [
    alterTable(
      draft,
      table,
      sql`add column ${columnSql({
        name: replacement.physical,
        type: replacement.type,
        collation:
          column.original === null
            ? null
            : carriedCollation(column.original, alteration.type, draft.input.parser, draft.catalog),
        default: constant ? value : null,
      })}`,
    ),
  ]
  if (value !== null && !constant) {
    statements.push(alterTable(draft, table, sql`alter column ${id(replacement.physical)} set default ${raw(value)}`))
  }
  draft.expand.push(
    stepOf(
      context,
      `alter/${table.physical}/${column.physical}`,
      `alter column ${table.name}.${column.name}`,
      transaction([lock], ...statements),
      [transaction([lock], alterTable(draft, table, sql`drop column if exists ${id(replacement.physical)}`))],
    ),
  )
  if (!replacement.nullable) {
    table.guards.push({
      column: replacement.physical,
      name: internal(context, 'not_null', table.physical, alteration.name),
      final: () => originalNotNull(table, column) ?? notNullName(table.name, replacement.name),
    })
  }
  if (replacement.viewDefault !== null) {
    table.atSwap.push(() => [
      sql`alter view ${id(draft.newSchema, table.name)} alter column ${id(replacement.name)} drop default`,
    ])
  }
  if (replacement.comment !== null && replacement.comment !== column.original?.comment) {
    const { comment } = replacement
    table.atSwap.push(() => [
      sql`comment on column ${id(draft.base, table.physical, replacement.name)} is ${literal(comment)}`,
    ])
  }
}

// From 18 on a NOT NULL constraint has a name, which somebody may have chosen.
function originalNotNull(table: DraftTable, { original }: DraftColumn): string | undefined {
  return table.original?.constraints.find(
    (constraint) => constraint.kind === 'not_null' && constraint.column === original?.name,
  )?.name
}

function isVolatileDefault(context: ActionContext, text: string): boolean {
  try {
    return volatile(context, parseExpression(text, context.draft.input.parser))
  } catch {
    // The binding of the default has told.
    return true
  }
}
