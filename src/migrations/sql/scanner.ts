import type { Dialect } from '../../database/sql.ts'
import { tokenAt, type Token } from './token.ts'

/** A part of a text, in UTF-16 code units. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** One statement: from its first token to its last, without comments around it and without its semicolon. */
export interface StatementRange extends Range {
  /** Where its semicolon ends; null for a last statement that has none. */
  readonly terminator: number | null
  /** The words it begins with, in lower case, at most six, up to the first token that is not a plain word. */
  readonly words: readonly string[]
  /** The rows that follow `COPY … FROM stdin`, with the line `\.` that ends them. */
  readonly data: Range | undefined
}

/** A comment outside strings. */
export interface CommentRange extends Range {
  /** It begins with `--` and has its line to itself. */
  readonly ownLine: boolean
  /** It is inside parentheses or a body of statements, so the statement around it cannot end there. */
  readonly nested: boolean
}

/** What a light look at SQL finds, without knowing its grammar. */
export interface Scan {
  readonly statements: readonly StatementRange[]
  readonly comments: readonly CommentRange[]
  /** Commands of psql (`\i`) or of the sqlite3 shell (`.read`), which no server understands. */
  readonly metaCommands: readonly Range[]
  /** The string, quoted name or comment that never ends. */
  readonly unclosed: Token | undefined
}

/**
 * Finds the statements and comments of a script. Semicolons in strings, comments, rules, `BEGIN ATOMIC … END` bodies
 * (PostgreSQL) and triggers (SQLite) do not end a statement.
 */
export function scanSql(text: string, dialect: Dialect): Scan {
  const scan: Progress = { text, dialect, statements: [], comments: [], metaCommands: [], unclosed: undefined }
  let statement: Open | undefined
  let offset = 0
  for (let token = tokenAt(text, offset, dialect); token !== undefined; token = tokenAt(text, offset, dialect)) {
    offset = token.end
    if (!token.closed) scan.unclosed ??= token
    if (token.kind === 'comment') {
      scan.comments.push(comment(scan, token, statement))
    } else if (token.kind === 'meta' || (statement === undefined && isShellCommand(scan, token))) {
      if (statement !== undefined) scan.statements.push(close(statement, null, undefined))
      statement = undefined
      offset = lineEnd(text, token.start)
      scan.metaCommands.push({ start: token.start, end: offset })
    } else if (isTerminator(scan, token, statement)) {
      const data = statement?.fromStdin ? copyData(text, token.end) : undefined
      if (statement !== undefined) scan.statements.push(close(statement, token.end, data))
      statement = undefined
      offset = data?.end ?? token.end
    } else {
      statement ??= open(token)
      extend(scan, statement, token)
    }
  }
  if (statement !== undefined) scan.statements.push(close(statement, null, undefined))
  const { statements, comments, metaCommands, unclosed } = scan
  return { statements, comments, metaCommands, unclosed }
}

/** The tokens of a part of a text, without its comments. */
export function* tokensOf(text: string, { start, end }: Range, dialect: Dialect): Generator<Token> {
  let offset = start
  for (let token = tokenAt(text, offset, dialect); token !== undefined; token = tokenAt(text, offset, dialect)) {
    if (token.start >= end) return
    if (token.kind !== 'comment') yield token
    offset = token.end
  }
}

interface Progress extends Scan {
  readonly text: string
  readonly dialect: Dialect
  readonly statements: StatementRange[]
  readonly comments: CommentRange[]
  readonly metaCommands: Range[]
  unclosed: Token | undefined
}

// The statement under way, token by token.
interface Open {
  readonly start: number
  end: number
  readonly words: string[]
  wordsOver: boolean
  parentheses: number
  inBody: boolean
  fromStdin: boolean
  /** The token before, in lower case; empty for a string, a name or a number. */
  previous: string
}

function open({ start, end }: Token): Open {
  return { start, end, words: [], wordsOver: false, parentheses: 0, inBody: false, fromStdin: false, previous: '' }
}

function extend({ text, dialect }: Progress, statement: Open, { kind, start, end }: Token): void {
  const plain = kind === 'word' || kind === 'symbol' ? text.slice(start, end).toLowerCase() : ''
  statement.end = end
  if (kind !== 'word') statement.wordsOver = true
  if (!statement.wordsOver) statement.words.push(plain)
  if (statement.words.length === 6) statement.wordsOver = true
  if (plain === '(') statement.parentheses += 1
  if (plain === ')') statement.parentheses = Math.max(0, statement.parentheses - 1)
  if (opensBody(statement, plain, dialect)) statement.inBody = true
  // END closes a body only after a semicolon; every other END belongs to a CASE or is an alias.
  if (plain === 'end' && [';', 'atomic'].includes(statement.previous)) statement.inBody = false
  const isCopy = statement.words[0] === 'copy' && statement.parentheses === 0
  if (isCopy && plain === 'stdin' && statement.previous === 'from') statement.fromStdin = true
  statement.previous = plain
}

function opensBody({ words, previous }: Open, plain: string, dialect: Dialect): boolean {
  if (dialect === 'sqlite') return plain === 'trigger' && /^create (?:temp |temporary )?trigger$/.test(words.join(' '))
  if (plain !== 'atomic' || previous !== 'begin') return false
  return /^create (?:or replace )?(?:function|procedure)\b/.test(words.join(' '))
}

function isTerminator({ text, dialect }: Progress, { kind, start }: Token, statement: Open | undefined): boolean {
  if (kind !== 'symbol' || text[start] !== ';') return false
  if (statement === undefined) return true
  if (statement.inBody) return false
  const inRule = dialect === 'postgres' && statement.parentheses > 0 && isRule(statement.words)
  return !inRule
}

function isRule(words: readonly string[]): boolean {
  return /^create (?:or replace )?rule\b/.test(words.join(' '))
}

// The shell of SQLite takes a line that begins with a point, between statements, as a command of its own.
function isShellCommand({ text, dialect }: Progress, { kind, start }: Token): boolean {
  if (dialect !== 'sqlite' || kind !== 'symbol' || text[start] !== '.') return false
  return start === 0 || text[start - 1] === '\n'
}

function comment({ text }: Progress, { start, end }: Token, statement: Open | undefined): CommentRange {
  let before = start
  while (before > 0 && /[ \t]/.test(text[before - 1] ?? '')) before -= 1
  const ownLine = text.startsWith('--', start) && (before === 0 || /[\r\n]/.test(text[before - 1] ?? ''))
  const nested = statement !== undefined && (statement.parentheses > 0 || statement.inBody)
  return { start, end, ownLine, nested }
}

function close({ start, end, words }: Open, terminator: number | null, data: Range | undefined): StatementRange {
  return { start, end, terminator, words, data }
}

function copyData(text: string, after: number): Range | undefined {
  const end = /^\\\.[ \t\r]*$/gm
  const start = lineEnd(text, after)
  end.lastIndex = start
  return end.exec(text) === null ? undefined : { start, end: end.lastIndex }
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end === -1 ? text.length : end
}
