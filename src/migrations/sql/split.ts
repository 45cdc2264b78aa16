import type { Dialect } from '../../database/sql.ts'
import type { MetastoreError } from '../../errors.ts'
import { combineProblems, problemAt, wholeFile, type Place } from '../problems.ts'
import { clientCommands } from './client-commands.ts'
import { isFailure, loadParser, type Node, type Parser } from './parser.ts'
import { scanSql, tokensOf, type Range, type Scan } from './scanner.ts'

/** One statement of a script. */
export interface Statement {
  /** From its first token to its last: no comment around it, no semicolon. */
  readonly text: string
  /** Where it begins in the script, in UTF-16 code units. */
  readonly offset: number
  readonly end: number
  /** Where its semicolon ends; the end of the script for a last statement without one. */
  readonly after: number
  /** PostgreSQL's parse tree of it; undefined for SQLite, which offers none. */
  readonly node: Node | undefined
  /** The words it begins with, in lower case. */
  readonly words: readonly string[]
}

/**
 * The statements of a script: for PostgreSQL by its own parser (loaded when first needed), for SQLite by a scanner of its
 * lexical rules. `place` says where in a file the script stands, for the errors.
 * Throws `sql_syntax`, with every statement that does not parse, and `migration_invalid` for what only psql understands.
 */
export async function splitStatements(text: string, dialect: Dialect, place = wholeFile(text)): Promise<Statement[]> {
  const { statements, problems } = await parseStatements(text, dialect, place)
  const problem = combineProblems(problems)
  if (problem !== undefined) throw problem
  return statements
}

/** As `splitStatements`, with everything that is wrong as a list instead of an error. */
export async function parseStatements(
  text: string,
  dialect: Dialect,
  place: Place,
): Promise<{ statements: Statement[]; problems: MetastoreError[] }> {
  const scan = scanSql(text, dialect)
  const foreign = clientCommands(text, scan, dialect, place)
  if (dialect === 'sqlite') {
    const statements = scan.statements.map((range) =>
      statementOf(text, range, range.terminator ?? text.length, undefined, range.words),
    )
    return { statements, problems: [...foreign, ...unclosed(scan, text, place)] }
  }
  const parser = await loadParser()
  if (foreign.length > 0) return { statements: [], problems: [...foreign, ...failures(parser, text, scan, place)] }
  const parsed = parser.parse(text)
  if (!isFailure(parsed)) {
    return { statements: parsed.map((range) => postgresStatement(text, range, range.node)), problems: [] }
  }
  const problems = failures(parser, text, scan, place)
  return {
    statements: [],
    problems: problems.length > 0 ? problems : [syntaxError(parsed.message, parsed.offset, place)],
  }
}

// One error ends the parser's reading, so each statement that the scanner finds is tried on its own.
function failures(parser: Parser, text: string, scan: Scan, place: Place): MetastoreError[] {
  return scan.statements.flatMap(({ start, end, data }) => {
    if (data !== undefined) return []
    const parsed = parser.parse(text.slice(start, end))
    return isFailure(parsed) ? [syntaxError(parsed.message, start + parsed.offset, place)] : []
  })
}

function postgresStatement(text: string, range: Range, node: Node): Statement {
  const words: string[] = []
  let [first, last]: [number | undefined, number] = [undefined, range.start]
  let plain = true
  for (const token of tokensOf(text, range, 'postgres')) {
    first ??= token.start
    last = token.end
    plain &&= token.kind === 'word' && words.length < 6
    if (plain) words.push(text.slice(token.start, token.end).toLowerCase())
  }
  const after = Math.min(range.end + 1, text.length)
  return statementOf(text, { start: first ?? range.start, end: last }, after, node, words)
}

function statementOf(
  text: string,
  { start, end }: Range,
  after: number,
  node: Node | undefined,
  words: readonly string[],
): Statement {
  return { text: text.slice(start, end), offset: start, end, after, node, words }
}

function syntaxError(message: string, offset: number, place: Place): MetastoreError {
  return problemAt(place, offset, {
    code: 'sql_syntax',
    message: `PostgreSQL cannot parse this statement: ${message}.`,
    remedy: 'Correct the SQL at the mark.',
  })
}

// SQLite closes a comment at the end of the text by itself.
function unclosed({ unclosed: token }: Scan, text: string, place: Place): MetastoreError[] {
  if (token === undefined || token.kind === 'comment') return []
  const what = token.kind === 'string' ? 'string' : 'quoted name'
  return [
    problemAt(place, token.start, {
      code: 'sql_syntax',
      message: `The ${what} that begins with ${text.slice(token.start, token.start + 1)} never ends.`,
      remedy: 'Close it, or double the quote where it is meant as a character.',
    }),
  ]
}
