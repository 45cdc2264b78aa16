import { isFailure, type Node, type Parser } from '../sql/parser.ts'
import { byteOffsets } from './byte-offset.ts'
import { calledFunctions, optionOf, stringsOf, walk } from './tree.ts'

/** What is looked into. */
interface Outer {
  readonly node: Node
  readonly text: string
  readonly offset: number
}

/** The script around it, which tells what it calls. */
interface Around {
  readonly parser: Parser
  readonly verbatim: boolean
  readonly statements: readonly { readonly node: Node | undefined }[]
}

/** A statement inside a body. */
interface Inner extends Outer {
  readonly end: number
  readonly after: number
  readonly origin: 'body'
  readonly at: () => number
  readonly within: (location: number | undefined) => number
}

/**
 * The statements that a DO block runs, and those of a function that the same script calls: written as SQL, or as a string
 * that is executed. What a string is made of at run time stands there as the name "…".
 */
export function innerStatements(outer: Outer, around: Around): Inner[] {
  const bodies = bodiesOf(outer, around)
  let from = 0
  return bodies.flatMap(({ sql, written }) => {
    const parsed = around.parser.parse(sql)
    if (isFailure(parsed)) return []
    const found = around.verbatim ? outer.text.indexOf(written, from) : -1
    if (found !== -1) from = found + 1
    const offset = outer.offset + Math.max(found, 0)
    const offsetOf = byteOffsets(sql)
    return parsed.map(({ node, start, end }): Inner => ({
      node,
      text: sql.slice(start, end),
      within: (location) => (location === undefined ? 0 : offsetOf(location) - start),
      offset,
      end: offset,
      after: offset,
      origin: 'body',
      at: () => offset,
    }))
  })
}

interface Body {
  readonly sql: string
  /** As it is written in the body. */
  readonly written: string
}

function bodiesOf({ node, text }: Outer, { parser, statements }: Around): Body[] {
  if ('DoStmt' in node) {
    const language = textOf(optionOf(node.DoStmt.args, 'language')) ?? 'plpgsql'
    return language === 'plpgsql' ? bodiesIn(parser.parseBody(text), parser) : []
  }
  if (!('CreateFunctionStmt' in node)) return []
  const { funcname, options } = node.CreateFunctionStmt
  const name = stringsOf(funcname).at(-1) ?? ''
  if (!statements.some((other) => other.node && calls(other.node, name))) return []
  const language = textOf(optionOf(options, 'language'))?.toLowerCase()
  if (language === 'plpgsql') return bodiesIn(parser.parseBody(text), parser)
  const as = optionOf(options, 'as')
  const body = as && 'List' in as ? textOf(as.List.items?.[0]) : undefined
  return language === 'sql' && body !== undefined ? [{ sql: body, written: body }] : []
}

function calls(node: Node, name: string): boolean {
  return ('SelectStmt' in node || 'CallStmt' in node) && calledFunctions(node).includes(name)
}

function bodiesIn(tree: unknown, parser: Parser): Body[] {
  return Array.from(walk(tree)).flatMap(([kind, node]): Body[] => {
    if (kind === 'PLpgSQL_stmt_commit') return [{ sql: 'commit', written: 'commit' }]
    if (kind === 'PLpgSQL_stmt_rollback') return [{ sql: 'rollback', written: 'rollback' }]
    if (kind === 'PLpgSQL_stmt_execsql') {
      const sql = queryOf(node['sqlstmt'])
      return [{ sql, written: sql }]
    }
    if (kind !== 'PLpgSQL_stmt_dynexecute') return []
    const written = queryOf(node['query'])
    const sql = executedText(written, parser)
    return sql === undefined ? [] : [{ sql, written }]
  })
}

function queryOf(expression: unknown): string {
  const inner = (expression as { PLpgSQL_expr?: { query?: unknown } } | undefined)?.PLpgSQL_expr?.query
  return typeof inner === 'string' ? inner : ''
}

/** Stands for what is only known when it runs. */
const unknownName = '"…"'

function executedText(expression: string, parser: Parser): string | undefined {
  const parsed = parser.parse(`SELECT ${expression}`)
  const node = isFailure(parsed) ? undefined : parsed[0]?.node
  const [target] = (node && 'SelectStmt' in node ? node.SelectStmt.targetList : undefined) ?? []
  const value = target && 'ResTarget' in target ? target.ResTarget.val : undefined
  const text = value && folded(value)
  return text === unknownName ? undefined : text
}

// A string that is put together from strings; what is no string becomes a name.
function folded(node: Node): string {
  if ('A_Const' in node)
    return node.A_Const.sval?.sval ?? (node.A_Const.ival ? String(node.A_Const.ival.ival ?? 0) : unknownName)
  if ('TypeCast' in node && node.TypeCast.arg) return folded(node.TypeCast.arg)
  if ('A_Expr' in node && stringsOf(node.A_Expr.name).at(-1) === '||') {
    const { lexpr, rexpr } = node.A_Expr
    return `${lexpr ? folded(lexpr) : ''}${rexpr ? folded(rexpr) : ''}`
  }
  if (!('FuncCall' in node)) return unknownName
  const [first, ...others] = node.FuncCall.args ?? []
  if (stringsOf(node.FuncCall.funcname).at(-1) !== 'format' || first === undefined) return unknownName
  return formatted(folded(first), others.map(folded))
}

function formatted(template: string, values: readonly string[]): string {
  let next = 0
  return template.replaceAll(/%(?:(\d+)\$)?([IsL%])/g, (_, place: string | undefined, kind: string) => {
    if (kind === '%') return '%'
    const index = place === undefined ? next : Number(place) - 1
    next = index + 1
    const value = values[index] ?? unknownName
    if (value === unknownName || kind === 's') return value
    return kind === 'I' ? `"${value.replaceAll('"', '""')}"` : `'${value.replaceAll("'", "''")}'`
  })
}

function textOf(node: Node | undefined): string | undefined {
  return node && 'String' in node ? node.String.sval : undefined
}
