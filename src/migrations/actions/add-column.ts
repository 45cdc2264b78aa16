import { id, literal, raw, sql, type Sql } from '../../database/database.ts'
import {
  alterTable,
  lockOf,
  scopeOf,
  selectedColumns,
  tableId,
  type DraftColumn,
  type DraftTable,
} from '../batch/draft.ts'
import { renderExpression } from '../batch/expression.ts'
import { tooLargeToRewriteCheck } from '../preflight/data-checks.ts'
import { emptyTableCheck } from '../preflight/empty-table-check.ts'
import type { AddColumn } from './action.ts'
import { addedColumn, type AddedColumn } from './added-column.ts'
import { columnSql, notNullName } from './column-parts.ts'
import {
  expressionOf,
  internal,
  lint,
  originOf,
  placeOf,
  problem,
  requireTable,
  stepOf,
  transaction,
  volatile,
  type ActionContext,
} from './context.ts'
import { crossRule, keyOf } from './cross-table.ts'
import { readsOwnTable } from './own-table.ts'

/** A column that old sessions do not see: under an internal name until the swap, last in the new version's view. */
export function compileAddColumn(action: AddColumn, context: ActionContext): void {
  const { draft } = context
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined) return
  const { name } = action.column
  if (table.columns.some((column) => column.name === name)) {
    problem(context, ['column', 'name'], `Table ${table.name} has a column ${name} already.`, 'Choose another name.')
    return
  }
  const form = addedColumn(action, table, context)
  if (form === undefined) return
  const scope = scopeOf(table)
  const { column } = form
  if (!column.nullable && !table.created) requireSource(action, table, context, form)

  addStep(action, table, context, form)
  if (form.expression !== undefined) {
    draft.rules.push({
      kind: 'compute',
      direction: 'up',
      table: table.physical,
      column: column.physical,
      type: column.type,
      expression: form.expression,
      onInsert: null,
      scope,
      volatile: true,
      counterpart: null,
      errors: 'fail',
      backfill: null,
      origin: originOf(context, name),
    })
  } else if (typeof action.up === 'string') addComputeRule(action, action.up, table, context, form)
  else if (action.up !== undefined) {
    const rule = crossRule(context, table, column, 'up', action.up)
    if (rule !== undefined) draft.rules.push(rule)
  }
  table.columns.push(column)
  noteLoss(action, table, context, form)
}

function requireSource(action: AddColumn, table: DraftTable, context: ActionContext, form: AddedColumn): void {
  if (form.filled || form.expression !== undefined || action.up !== undefined) return
  lint(
    context,
    ['column'],
    `Column ${table.name}.${action.column.name} must not be null, and nothing says what existing rows and old sessions give it.`,
    'Add a default to the column, or up = "<SQL>" to the action.',
  )
  if (context.draft.input.options.lenient) {
    context.draft.checks.push(
      emptyTableCheck({
        schema: context.draft.base,
        table: table.physical,
        name: table.name,
        label: `add column ${table.name}.${action.column.name}`,
        place: placeOf(context, ['column']),
      }),
    )
  }
}

function addStep(action: AddColumn, table: DraftTable, context: ActionContext, form: AddedColumn): void {
  const { draft } = context
  const { column, generated, filled } = form
  const lock = lockOf(draft, table.physical)
  const direct = !column.nullable && (filled || table.created)
  const statements: Sql[] = [
    alterTable(
      draft,
      table,
      sql`add column ${columnSql({
        name: column.physical,
        type: column.type,
        notNull: direct && notNullName(table.name, column.name),
        default: filled && generated === undefined ? column.default : null,
        generated,
      })}`,
    ),
  ]
  if (column.identity !== null) {
    const sequence = id(draft.base, column.identity.sequence)
    statements.push(
      sql`create sequence ${sequence} owned by ${id(draft.base, table.physical, column.physical)}`,
      // As the sequence inside an identity column, it is used by whoever may insert.
      sql`grant usage on sequence ${sequence} to public`,
    )
  }
  if (column.default !== null && !(filled && generated === undefined)) {
    statements.push(
      alterTable(draft, table, sql`alter column ${id(column.physical)} set default ${raw(column.default)}`),
    )
  }
  if (column.comment !== null) {
    statements.push(
      sql`comment on column ${id(draft.base, table.physical, column.physical)} is ${literal(column.comment)}`,
    )
  }
  draft.expand.push(
    stepOf(context, 'add', `add column ${table.name}.${column.name}`, transaction([lock], ...statements), [
      transaction([lock], alterTable(draft, table, sql`drop column if exists ${id(column.physical)}`)),
    ]),
  )
  if (!direct) addGuard(action, table, context, form)
  const { identity } = column
  if (identity !== null) table.atSwap.push(() => becomeIdentity(context, table, column, identity))
  if (form.rewrites && !table.created && !draft.input.options.allowRewrite) {
    draft.checks.push(
      tooLargeToRewriteCheck({
        schema: draft.base,
        table: table.physical,
        name: table.name,
        limit: 10_000,
        label: `add stored generated column ${table.name}.${column.name}`,
        place: placeOf(context, ['column', 'generated']),
      }),
    )
  }
}

function addGuard(action: AddColumn, table: DraftTable, context: ActionContext, form: AddedColumn): void {
  const { column, expression } = form
  if (column.nullable) return
  if (action.up === undefined && expression === undefined && !context.draft.input.options.lenient) return
  table.guards.push({
    column: column.physical,
    name: internal(context, 'not_null', column.name),
    final: () => notNullName(table.name, column.name),
  })
}

// In the swap, after the column has its name: the numbers go on where the sequence stands.
function becomeIdentity(
  { draft }: ActionContext,
  table: DraftTable,
  column: DraftColumn,
  { mode, sequence }: NonNullable<DraftColumn['identity']>,
): Sql[] {
  return [
    // Or it would be taken for the sequence of the identity.
    sql`alter sequence ${id(draft.base, sequence)} owned by none`,
    alterTable(draft, table, sql`alter column ${id(column.name)} drop default`),
    alterTable(draft, table, sql`alter column ${id(column.name)} add generated ${raw(mode)} as identity`),
    sql`
      select pg_catalog.setval(
        pg_catalog.pg_get_serial_sequence(
          ${literal(tableId(draft, table).inline('postgres'))}, ${literal(column.name)}
        )::regclass,
        last_value,
        is_called
      )
      from ${id(draft.base, sequence)}`,
    sql`drop sequence ${id(draft.base, sequence)}`,
  ]
}

function addComputeRule(
  action: AddColumn,
  up: string,
  table: DraftTable,
  context: ActionContext,
  form: AddedColumn,
): void {
  const { draft } = context
  const scope = scopeOf(table)
  const { column } = form
  const binding = { kind: 'value', rows: [scope], type: column.type, side: 'old' } as const
  const expression = expressionOf(
    context,
    ['up'],
    up,
    action.backfill === undefined ? binding : { ...binding, perRow: false },
  )
  if (expression === undefined) return
  const onInsert =
    action.on_insert === undefined ? undefined : expressionOf(context, ['on_insert'], action.on_insert, binding)
  readsOwnTable(context, table, {
    path: ['up'],
    expression,
    hasOnInsert: onInsert !== undefined,
    nullable: column.nullable,
  })
  if (action.backfill !== undefined) {
    expressionOf(context, ['backfill'], action.backfill, {
      kind: 'query',
      rows: [],
      type: column.type,
      side: 'old',
      perRow: false,
      keys: keyOf(table),
    })
  }
  draft.rules.push({
    kind: 'compute',
    direction: 'up',
    table: table.physical,
    column: column.physical,
    type: column.type,
    expression,
    onInsert: onInsert ?? null,
    scope,
    volatile: volatile(context, expression),
    counterpart: null,
    errors: action.up_errors ?? 'fail',
    backfill: action.backfill ?? null,
    origin: originOf(context, column.name),
  })
}

function noteLoss(action: AddColumn, table: DraftTable, context: ActionContext, form: AddedColumn): void {
  const { draft } = context
  const { column } = form
  // What the database makes up is no loss; what it would make again is none either.
  if (form.generated !== undefined || form.expression !== undefined || table.created) return
  if (action.up !== undefined && typeof action.up !== 'string') return
  const rule = draft.rules.find((candidate) => candidate.kind === 'compute' && candidate.column === column.physical)
  const made =
    rule?.kind === 'compute'
      ? rule.volatile || rule.expression.readsTables
        ? undefined
        : renderExpression(rule.expression, rule.scope, (name) => id(name))
      : raw(column.default ?? 'null')
  if (made === undefined) return
  const changed = sql`${id(column.physical)} is distinct from ${made}`
  draft.losses.push(() =>
    draft.removed.includes(table) || !table.columns.includes(column)
      ? undefined
      : {
          what: `${table.name}.${column.name}`,
          count: sql`select count(*) as count from ${tableId(draft, table)} where ${changed}`,
          rows: sql`select ${selectedColumns(table)} from ${tableId(draft, table)} where ${changed}`,
        },
  )
}
