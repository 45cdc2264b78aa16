import { isFailure, loadParser, type Node, type Parser } from '../../sql/parser.ts'
import { tokensOf } from '../../sql/scanner.ts'
import { parseStatements } from '../../sql/split.ts'
import { wholeFile } from '../../problems.ts'
import { offsetOfCodePoint } from '../../../text-position.ts'
import type { SqlKind } from './schema.ts'

/** What is wrong with SQL in a string. */
export interface SqlFault {
  readonly code: 'migration_invalid' | 'sql_syntax'
  /** Where in the string, in UTF-16 code units. */
  readonly offset: number
  /** What to say behind the key path, such as `is empty`. */
  readonly verdict: string
  readonly remedy: string
}

/** Looks at the syntax of SQL by PostgreSQL's own parser, which it loads. */
export async function sqlFaults(kind: SqlKind, text: string): Promise<readonly SqlFault[]> {
  if (kind === 'script') return scriptFaults(text)
  const parser = await loadParser()
  const { noun, wrap, holds } = forms[kind]
  if (isBlank(text)) {
    return [{ code: 'sql_syntax', offset: 0, verdict: 'is empty', remedy: `Write ${noun}, or remove the key.` }]
  }
  const strayed = kind === 'query' ? undefined : closedTooEarly(text, noun)
  const fault = strayed ?? wrapped(parser, text, { noun, wrap, holds })
  if (fault !== undefined) return [fault]
  return kind === 'expression' || kind === 'generation' ? rowNames(text) : []
}

/** How to let the parser read a piece of SQL that is no statement. */
interface Form {
  /** With its article. */
  readonly noun: string
  /** What makes a statement of it. */
  readonly wrap: readonly [before: string, after: string]
  /** Whether the statement has in its place the piece and nothing more. */
  readonly holds: (statement: Node) => boolean
}

const forms: Readonly<Record<Exclude<SqlKind, 'script'>, Form>> = {
  expression: {
    noun: 'an expression',
    wrap: ['SELECT (', ')'],
    holds(statement) {
      const value = onlyValue(statement)
      // `a, b` in the parentheses that are ours is a row; in the author's own it is what the author wrote.
      const isOurs = (row: { row_format?: string; location?: number }) =>
        row.row_format === 'COERCE_IMPLICIT_CAST' && row.location === 'SELECT '.length
      return value !== undefined && !('RowExpr' in value && isOurs(value.RowExpr))
    },
  },
  type: {
    noun: 'a type',
    wrap: ['SELECT NULL::', ''],
    holds(statement) {
      const value = onlyValue(statement)
      const cast = value && 'CollateClause' in value ? value.CollateClause.arg : value
      if (cast === undefined || !('TypeCast' in cast)) return false
      const { arg, typeName } = cast.TypeCast
      return arg !== undefined && 'A_Const' in arg && typeName?.setof !== true
    },
  },
  generation: {
    noun: 'what follows GENERATED',
    wrap: ['CREATE TABLE x (c integer GENERATED ', ')'],
    holds(statement) {
      if (!('CreateStmt' in statement)) return false
      const { tableElts = [], inhRelations, partspec, options, tablespacename } = statement.CreateStmt
      const [column] = tableElts
      if (inhRelations ?? partspec ?? options ?? tablespacename) return false
      if (tableElts.length !== 1 || column === undefined || !('ColumnDef' in column)) return false
      return column.ColumnDef.constraints?.length === 1
    },
  },
  query: {
    noun: 'a query',
    wrap: ['', ''],
    holds: (statement) => 'SelectStmt' in statement && statement.SelectStmt.intoClause === undefined,
  },
}

function wrapped(parser: Parser, text: string, { noun, wrap: [before, after], holds }: Form): SqlFault | undefined {
  const parsed = parser.parse(`${before}${text}${after}`)
  if (isFailure(parsed)) {
    // In what it says of the end, the parser may quote what we have put there.
    const offset = parsed.offset - before.length
    const endsEarly = offset >= text.length
    if (endsEarly && !isFailure(parser.parse(`${before}${text}\n${after}`))) return endsInComment(text)
    return {
      code: 'sql_syntax',
      offset: Math.max(0, Math.min(offset, text.length)),
      verdict: `does not parse as ${noun}: ${endsEarly ? 'it ends too early' : parsed.message}`,
      remedy: 'Correct the SQL at the mark.',
    }
  }
  const [statement, another] = parsed
  if (statement !== undefined && another === undefined && holds(statement.node)) return undefined
  return before === '' ? notReading() : moreThan(noun, 0)
}

// The value of `SELECT value`, when the statement is nothing else.
function onlyValue(statement: Node): Node | undefined {
  if (!('SelectStmt' in statement)) return undefined
  const { targetList = [], limitOption: _, op: __, ...others } = statement.SelectStmt
  const [target] = targetList
  if (targetList.length !== 1 || target === undefined || !('ResTarget' in target)) return undefined
  const isBare = Object.keys(others).length === 0 && target.ResTarget.name === undefined
  return isBare ? target.ResTarget.val : undefined
}

// `1) + (2` would be read as a whole within our parentheses.
function closedTooEarly(text: string, noun: string): SqlFault | undefined {
  let depth = 0
  for (const { kind, start } of tokensOf(text, { start: 0, end: text.length }, 'postgres')) {
    if (kind !== 'symbol') continue
    if (text[start] === '(') depth += 1
    if (text[start] === ')') depth -= 1
    if (depth < 0) return { ...moreThan(noun, start), verdict: 'closes a parenthesis that it does not open' }
    if (text[start] === ';') return moreThan(noun, start)
  }
  return undefined
}

function moreThan(noun: string, offset: number): SqlFault {
  return {
    code: 'sql_syntax',
    offset,
    verdict: `holds more than ${noun}`,
    remedy: `Write ${noun} and nothing else; statements belong into an action of type custom.`,
  }
}

function notReading(): SqlFault {
  const remedy = 'Write a single SELECT, VALUES or WITH … SELECT.'
  return { code: 'sql_syntax', offset: 0, verdict: 'must be one query that only reads', remedy }
}

function endsInComment(text: string): SqlFault {
  return {
    code: 'sql_syntax',
    offset: text.lastIndexOf('--'),
    verdict: 'ends in a comment, which would hide what follows it',
    remedy: 'Remove the comment, or put it before the end.',
  }
}

// What Reshape calls the row in its triggers. Only words count: not what a string or a quoted name holds.
function rowNames(text: string): SqlFault[] {
  const tokens = [...tokensOf(text, { start: 0, end: text.length }, 'postgres')]
  return tokens.flatMap(({ kind, start, end }, index) => {
    const word = text.slice(start, end)
    const next = tokens[index + 1]
    const before = tokens[index - 1]
    const isPrefix =
      next !== undefined && text[next.start] === '.' && (before === undefined || text[before.start] !== '.')
    if (kind !== 'word' || !/^(?:new|old)$/i.test(word) || !isPrefix) return []
    return [
      {
        code: 'migration_invalid' as const,
        offset: start,
        verdict: `names the row as ${word}`,
        remedy: `Write the bare name of the column, without ${word} and the point.`,
      },
    ]
  })
}

function isBlank(text: string): boolean {
  return tokensOf(text, { start: 0, end: text.length }, 'postgres').next().done === true
}

async function scriptFaults(text: string): Promise<SqlFault[]> {
  const { problems } = await parseStatements(text, 'postgres', wholeFile(text))
  return problems.map(({ code, where = '', message, remedy }) => ({
    code: code === 'sql_syntax' ? code : 'migration_invalid',
    offset: offsetAt(text, where),
    verdict: message
      .replace(/\.$/, '')
      .replace(/^(PostgreSQL cannot parse this statement: )?/, (_, known) =>
        known === undefined ? 'cannot run: ' : 'does not parse: ',
      ),
    remedy,
  }))
}

// The splitter tells the place in a text that is in no file as `line 3:5`.
function offsetAt(text: string, where: string): number {
  const [, line = '1', column = '1'] = /^line (\d+):(\d+)$/.exec(where) ?? []
  const ends = [...text.matchAll(/\r\n|\r|\n/g)]
  const end = ends[Number(line) - 2]
  const start = end === undefined ? 0 : end.index + end[0].length
  return start + offsetOfCodePoint(text.slice(start), Number(column) - 1)
}
