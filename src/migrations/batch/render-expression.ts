import { id, join, raw, sql, type Sql } from '../../database/database.ts'
import type { ColumnUse, Expression } from './parsed-expression.ts'
import type { RowScope, ScopeColumn } from './row-scope.ts'

/** A row that an expression is evaluated over, and how its columns are spelled there. */
export interface BoundRow {
  readonly scope: RowScope
  readonly column: (physical: string) => Sql
}

/**
 * The expression over one row, in parentheses: each name of a column becomes what `column` says; what is no column of the
 * row is left as it is.
 */
export function renderExpression(expression: Expression, scope: RowScope, column: (physical: string) => Sql): Sql {
  return renderOverRows(expression, [{ scope, column }])
}

/** As `renderExpression`, over several rows. A bare name that several of them have is left as it is. */
export function renderOverRows(expression: Expression, rows: readonly BoundRow[]): Sql {
  const scopes = rows.map(({ scope }) => scope)
  if (expression.opaque || scopes.some((scope) => namesRow(expression, scope, scopes))) {
    return overRowsOfTheirOwn(expression, rows)
  }
  const parts: Sql[] = []
  let done = 0
  for (const use of expression.uses) {
    const [found, ...others] = rows.flatMap((row) => {
      const column = columnOf(use, row.scope)
      return column === undefined ? [] : [row.column(column.physical)]
    })
    if (found === undefined || others.length > 0) continue
    parts.push(raw(expression.text.slice(done, use.start)), found)
    done = use.end
  }
  return inParentheses(expression, join([...parts, raw(expression.text.slice(done))], ''))
}

/** Physical columns of the row that the value depends on; more than needed where a sub-query uses the same names. */
export function usesOf(expression: Expression, scope: RowScope): readonly string[] {
  return [...new Set(usedColumns(expression, scope, [scope]).map(({ physical }) => physical))]
}

/** As `usesOf`, for one row of an expression that is over several. */
export function usesOfRow(expression: Expression, scope: RowScope, scopes: readonly RowScope[]): readonly string[] {
  return [...new Set(usedColumns(expression, scope, scopes).map(({ physical }) => physical))]
}

/** The column of a row that a name stands for. */
export function columnOf(use: ColumnUse, scope: RowScope): ScopeColumn | undefined {
  if (use.qualifier !== null && use.qualifier !== scope.alias) return undefined
  return scope.columns.find(({ name }) => name === use.name)
}

function usedColumns(expression: Expression, scope: RowScope, scopes: readonly RowScope[]): readonly ScopeColumn[] {
  if (namesRow(expression, scope, scopes)) return scope.columns
  return scope.columns.filter((column) => expression.uses.some((use) => columnOf(use, scope) === column))
}

// A bare name is the row as a whole only where no column is called so. In `runs.*` it is the row in any case, which an
// opaque expression may hold.
function namesRow({ uses, opaque }: Expression, { alias }: RowScope, scopes: readonly RowScope[]): boolean {
  return uses.some((use) => {
    if (use.qualifier !== null || use.name !== alias) return false
    return opaque || scopes.every((scope) => columnOf(use, scope) === undefined)
  })
}

function overRowsOfTheirOwn(expression: Expression, rows: readonly BoundRow[]): Sql {
  const scopes = rows.map(({ scope }) => scope)
  const selects = rows.flatMap(({ scope, column }) => {
    const columns = usedColumns(expression, scope, scopes)
    if (columns.length === 0) return []
    const list = join(columns.map(({ name, physical }) => sql`${column(physical)} as ${id(name)}`))
    return [sql`(select ${list}) as ${id(scope.alias)}`]
  })
  const value = inParentheses(expression, raw(expression.text))
  return selects.length === 0 ? value : sql`(select ${value} from ${join(selects)})`
}

// On a line of its own where a comment at the end would swallow the parenthesis.
function inParentheses({ text }: Expression, value: Sql): Sql {
  return join([raw('('), value, raw(text.includes('--') ? '\n)' : ')')], '')
}
