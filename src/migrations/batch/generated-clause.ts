import { isFailure, type Parser } from '../sql/parser.ts'
import { tokensOf } from '../sql/scanner.ts'
import type { SqlText } from '../actions/action.ts'

/** What the clause after GENERATED says of a column. */
export type GeneratedClause =
  /** Numbered by a sequence; `options` as the author wrote them, without the parentheses. */
  | { readonly kind: 'identity'; readonly mode: 'always' | 'by default'; readonly options: SqlText | null }
  /** Computed from the row, and kept or not. */
  | { readonly kind: 'stored' | 'virtual'; readonly expression: SqlText }

/** Why a text is no such clause, and what to do. */
export interface ClauseProblem {
  readonly kind: 'problem'
  readonly message: string
  readonly remedy: string
}

/** Reads the clause after GENERATED, such as `ALWAYS AS IDENTITY` or `ALWAYS AS (a + b) STORED`. */
export function parseGenerated(clause: SqlText, parser: Parser): GeneratedClause | ClauseProblem {
  const parsed = parser.parse(`CREATE TABLE t (c int GENERATED ${clause}\n)`)
  if (isFailure(parsed)) return problem(clause, parsed.message)
  const node = parsed.length === 1 ? parsed[0]?.node : undefined
  const elements = node !== undefined && 'CreateStmt' in node ? (node.CreateStmt.tableElts ?? []) : []
  const [column] = elements
  const constraints = column !== undefined && 'ColumnDef' in column ? (column.ColumnDef.constraints ?? []) : []
  const [first] = constraints
  if (elements.length !== 1 || constraints.length !== 1 || first === undefined || !('Constraint' in first)) {
    return problem(clause, 'it says more than how the column is generated')
  }
  const { contype, generated_when: when, generated_kind: kind, options } = first.Constraint
  if (contype === 'CONSTR_IDENTITY') {
    const mode = when === 'a' ? 'always' : 'by default'
    return { kind: 'identity', mode, options: options === undefined ? null : insideParentheses(clause) }
  }
  return { kind: kind === 'v' ? 'virtual' : 'stored', expression: insideParentheses(clause) }
}

function problem(clause: SqlText, reason: string): ClauseProblem {
  return {
    kind: 'problem',
    message: `The clause GENERATED ${clause} cannot be understood: ${reason}.`,
    remedy: 'Write what follows GENERATED, as ALWAYS AS IDENTITY, BY DEFAULT AS IDENTITY or ALWAYS AS (a + b) STORED.',
  }
}

// What the outer parentheses of a clause enclose; it has been parsed, so they are there and match.
function insideParentheses(clause: SqlText): string {
  const parentheses = [...tokensOf(clause, { start: 0, end: clause.length }, 'postgres')].filter(
    ({ kind, start }) => kind === 'symbol' && (clause[start] === '(' || clause[start] === ')'),
  )
  return clause.slice(parentheses[0]?.end ?? 0, parentheses.at(-1)?.start ?? clause.length).trim()
}
