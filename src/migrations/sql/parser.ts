import type { Node } from 'libpg-query'
import { offsetOfCodePoint } from '../../text-position.ts'

export type { Node } from 'libpg-query'

/** One statement as PostgreSQL's grammar sees it. */
export interface ParsedStatement {
  /** From the end of the statement before, in UTF-16 code units; so comments above it may be inside. */
  readonly start: number
  /** Without the semicolon. */
  readonly end: number
  readonly node: Node
}

/** What PostgreSQL's parser says of a text that it does not accept. */
export interface SyntaxFailure {
  /** PostgreSQL's own words. */
  readonly message: string
  /** Where, in UTF-16 code units. */
  readonly offset: number
}

/** PostgreSQL's parser. */
export interface Parser {
  /** The statements of a script, or why it has none. */
  parse(text: string): readonly ParsedStatement[] | SyntaxFailure
  /** What is wrong with the PL/pgSQL body of a CREATE FUNCTION or DO statement; undefined when nothing is. */
  checkBody(statement: string): string | undefined
  /** The tree of the PL/pgSQL body of a CREATE FUNCTION or DO statement; undefined when it has none that parses. */
  parseBody(statement: string): unknown
}

/** Loads PostgreSQL's parser, some 0.1 s the first time; so ask for it only when a file needs it. */
export async function loadParser(): Promise<Parser> {
  const { loadModule, parseSync, parsePlPgSQLSync, hasSqlDetails } = await import('libpg-query')
  await loadModule()
  return {
    parse(text) {
      if (text === '') return []
      try {
        const offset = utf16Offsets(text)
        return (parseSync(text).stmts ?? []).flatMap(({ stmt, stmt_location: location = 0, stmt_len: length }) => {
          const start = offset(location)
          return stmt ? [{ start, end: length ? offset(location + length) : text.length, node: stmt }] : []
        })
      } catch (error) {
        if (hasSqlDetails(error)) return failure(error.message, text, error.sqlDetails?.cursorPosition ?? 0)
        // The parser is WebAssembly: what is nested too deeply for it ends in an overflow of the stack.
        if (error instanceof RangeError) return failure('it is nested too deeply', text, 0)
        throw error
      }
    },
    checkBody(statement) {
      try {
        parsePlPgSQLSync(statement)
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
    parseBody(statement) {
      try {
        return parsePlPgSQLSync(statement)
      } catch {
        return undefined
      }
    },
  }
}

/** Whether a text was refused. */
export function isFailure(parsed: readonly ParsedStatement[] | SyntaxFailure): parsed is SyntaxFailure {
  return 'message' in parsed
}

function failure(message: string, text: string, codePoint: number): SyntaxFailure {
  return { message, offset: offsetOfCodePoint(text, codePoint) }
}

// The parser counts in bytes of UTF-8. Offsets are asked for in ascending order, so one walk over the text is enough.
function utf16Offsets(text: string): (bytes: number) => number {
  if (Buffer.byteLength(text) === text.length) return (bytes) => bytes
  let passed = 0
  let offset = 0
  return (bytes) => {
    while (passed < bytes && offset < text.length) {
      const point = text.codePointAt(offset) ?? 0
      passed += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
      offset += point < 0x10000 ? 1 : 2
    }
    return offset
  }
}
