import { id, literal } from '../../database/database.ts'
import { parseGenerated, type GeneratedClause } from '../batch/definitions.ts'
import { scopeOf, type DraftColumn, type DraftTable } from '../batch/draft.ts'
import { parseExpression, renderExpression, type Expression } from '../batch/expression.ts'
import type { AddColumn, ColumnDeclaration } from './action.ts'
import { bindDefault, bindType } from './bindings.ts'
import { resolveType } from './column-parts.ts'
import { expressionOf, internal, problem, volatile, type ActionContext } from './context.ts'

/** What is added, and how existing rows get its values. */
export interface AddedColumn {
  readonly column: DraftColumn
  /** What gives existing rows a value of their own: a volatile default, or the numbers of an identity. */
  readonly expression: Expression | undefined
  readonly generated: GeneratedClause | undefined
  readonly rewrites: boolean
  /** Whether every row has a value as soon as the column is there. */
  readonly filled: boolean
}

type ColumnBase = Omit<DraftColumn, 'identity' | 'nullable' | 'default'>

/** The form of the column that an action adds; undefined, with the problem told, when it cannot be. */
export function addedColumn(action: AddColumn, table: DraftTable, context: ActionContext): AddedColumn | undefined {
  const { column } = action
  const type = resolveType(context, column.type)
  bindType(context, ['column', 'type'], type)
  const taken = [...table.columns, ...table.removedColumns].some(({ physical }) => physical === column.name)
  const physical = table.created && !taken ? column.name : internal(context, 'add', column.name)
  const base: ColumnBase = {
    name: column.name,
    physical,
    type,
    original: null,
    viewDefault: null,
    comment: column.comment ?? null,
  }
  if (column.generated !== undefined) return generatedColumn(column, column.generated, base, table, context)
  if (column.default !== undefined) bindDefault(context, ['column', 'default'], column.default, type)
  const parsed = column.default === undefined ? undefined : tryParse(context, column.default)
  const changing = parsed !== undefined && volatile(context, parsed)
  return {
    column: { ...base, nullable: column.nullable ?? true, default: column.default ?? null, identity: null },
    expression: changing && action.up === undefined ? parsed : undefined,
    generated: undefined,
    rewrites: false,
    filled: column.default !== undefined && !changing,
  }
}

function generatedColumn(
  column: ColumnDeclaration,
  text: string,
  base: ColumnBase,
  table: DraftTable,
  context: ActionContext,
): AddedColumn | undefined {
  const { draft } = context
  const generated = parseGenerated(text, draft.input.parser)
  if (generated.kind === 'problem') {
    problem(context, ['column', 'generated'], generated.message, generated.remedy)
    return undefined
  }
  if (generated.kind === 'identity') {
    const sequence = internal(context, 'sequence', column.name)
    const next = `nextval(${literal(id(draft.base, sequence).inline('postgres')).inline('postgres')}::regclass)`
    return {
      column: { ...base, nullable: false, default: next, identity: { mode: generated.mode, sequence } },
      expression: parseExpression(next, draft.input.parser),
      generated: undefined,
      rewrites: false,
      filled: false,
    }
  }
  const expression = expressionOf(context, ['column', 'generated'], generated.expression, {
    kind: 'generated',
    rows: [scopeOf(table)],
    type: base.type,
    side: 'new',
  })
  if (expression === undefined) return undefined
  const value = renderExpression(expression, scopeOf(table), (name) => id(name))
  return {
    column: {
      ...base,
      nullable: column.nullable ?? true,
      default: null,
      identity: null,
      generated: { expression, scope: scopeOf(table) },
    },
    expression: undefined,
    generated: { kind: generated.kind, expression: value.inline('postgres') },
    rewrites: generated.kind === 'stored',
    filled: true,
  }
}

function tryParse(context: ActionContext, text: string): Expression | undefined {
  try {
    return parseExpression(text, context.draft.input.parser)
  } catch {
    // The binding of the default has told.
    return undefined
  }
}
