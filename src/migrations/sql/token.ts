import type { Dialect } from '../../database/sql.ts'

/** What a token is. A `meta` is a psql command such as `\i`, up to the end of its line. */
export type TokenKind = 'word' | 'name' | 'string' | 'number' | 'parameter' | 'symbol' | 'comment' | 'meta'

/** One token of SQL, by offsets in UTF-16 code units. */
export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** False for a string, quoted name or block comment that runs into the end of the text. */
  readonly closed: boolean
}

const blank = /[ \t\n\r\f\v]+/y
const sqliteBlank = /[ \t\n\r\f]+/y
const restOfLine = /[^\r\n]*/y
const sqliteRestOfLine = /[^\n]*/y
const word = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y
const number = /[0-9][0-9A-Za-z_.]*/y
const postgresParameter = /\$[0-9]+/y
const sqliteParameter = /\?[0-9]*|[:@$#][A-Za-z0-9_$\u0080-\uffff]+(?:::[A-Za-z0-9_$\u0080-\uffff]+)*/y
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y
// A string goes on in a next quoted part when only white space with a line end is between, and the escapes go on with it.
const continuation = /(?:[ \t\f\v]|--[^\r\n]*)*[\r\n](?:[ \t\n\r\f\v]|--[^\r\n]*[\r\n])*'/y

/**
 * The token at an offset or after the white space there; undefined at the end of the text. Lexical rules only: PostgreSQL
 * manual, 4.1, with standard_conforming_strings on; for SQLite its tokenizer.
 */
export function tokenAt(text: string, offset: number, dialect: Dialect): Token | undefined {
  const start = skip(dialect === 'postgres' ? blank : sqliteBlank, text, offset)
  if (start >= text.length) return undefined
  return (dialect === 'postgres' ? postgresToken : sqliteToken)(text, start) ?? sharedToken(text, start, dialect)
}

function sharedToken(text: string, start: number, dialect: Dialect): Token {
  const character = text[start]
  const next = text[start + 1]
  if (character === '-' && next === '-') {
    // SQLite's comments go on over a lone carriage return; PostgreSQL's do not.
    return token('comment', start, skip(dialect === 'postgres' ? restOfLine : sqliteRestOfLine, text, start))
  }
  if (character === "'") return quoted('string', text, start, start, "'")
  if (character === '"') return quoted('name', text, start, start, '"')
  const wordEnd = skip(word, text, start)
  if (wordEnd > start) return token('word', start, wordEnd)
  const numberEnd = skip(number, text, start)
  return numberEnd > start ? token('number', start, numberEnd) : token('symbol', start, start + 1)
}

function postgresToken(text: string, start: number): Token | undefined {
  switch (text[start]) {
    case '/':
      return text[start + 1] === '*' ? nestedComment(text, start) : undefined
    case '\\':
      return token('meta', start, skip(restOfLine, text, start))
    case '$':
      return dollarToken(text, start)
    case 'e':
    case 'E':
      return text[start + 1] === "'" ? escapeString(text, start) : undefined
    case 'b':
    case 'B':
    case 'x':
    case 'X':
    case 'n':
    case 'N':
      return text[start + 1] === "'" ? quoted('string', text, start, start + 1, "'") : undefined
    case 'u':
    case 'U':
      if (text[start + 1] !== '&') return undefined
      if (text[start + 2] === "'") return quoted('string', text, start, start + 2, "'")
      return text[start + 2] === '"' ? quoted('name', text, start, start + 2, '"') : undefined
    default:
      return undefined
  }
}

function sqliteToken(text: string, start: number): Token | undefined {
  switch (text[start]) {
    case '/': {
      if (text[start + 1] !== '*') return undefined
      const end = text.indexOf('*/', start + 2)
      return end === -1 ? token('comment', start, text.length, false) : token('comment', start, end + 2)
    }
    case '`':
      return quoted('name', text, start, start, '`')
    case '[': {
      const end = text.indexOf(']', start)
      return end === -1 ? token('name', start, text.length, false) : token('name', start, end + 1)
    }
    case 'x':
    case 'X':
      return text[start + 1] === "'" ? quoted('string', text, start, start + 1, "'") : undefined
    case '?':
    case ':':
    case '@':
    case '$':
    case '#': {
      const end = skip(sqliteParameter, text, start)
      return end > start ? token('parameter', start, end) : undefined
    }
    default:
      return undefined
  }
}

function dollarToken(text: string, start: number): Token | undefined {
  const parameter = skip(postgresParameter, text, start)
  if (parameter > start) return token('parameter', start, parameter)
  const open = skip(dollarTag, text, start)
  if (open === start) return undefined
  const close = text.indexOf(text.slice(start, open), open)
  return close === -1 ? token('string', start, text.length, false) : token('string', start, close + open - start)
}

function nestedComment(text: string, start: number): Token {
  const edge = /\/\*|\*\//g
  edge.lastIndex = start + 2
  for (let depth = 1; depth > 0;) {
    const found = edge.exec(text)
    if (found === null) return token('comment', start, text.length, false)
    depth += found[0] === '/*' ? 1 : -1
  }
  return token('comment', start, edge.lastIndex)
}

function escapeString(text: string, start: number): Token {
  const special = /['\\]/g
  special.lastIndex = start + 2
  for (let found = special.exec(text); found !== null; found = special.exec(text)) {
    if (found[0] === '\\' || text[found.index + 1] === "'") {
      special.lastIndex = found.index + 2
      continue
    }
    const next = skip(continuation, text, special.lastIndex)
    if (next === special.lastIndex) return token('string', start, next)
    special.lastIndex = next
  }
  return token('string', start, text.length, false)
}

function quoted(kind: TokenKind, text: string, start: number, open: number, quote: string): Token {
  let close = text.indexOf(quote, open + 1)
  while (close !== -1 && text[close + 1] === quote) close = text.indexOf(quote, close + 2)
  return close === -1 ? token(kind, start, text.length, false) : token(kind, start, close + 1)
}

function token(kind: TokenKind, start: number, end: number, closed = true): Token {
  return { kind, start, end, closed }
}

function skip(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset
  return pattern.test(text) ? pattern.lastIndex : offset
}
