import { DatabaseError } from '../failure.ts'

/**
 * Throws where a statement would stop PGlite for good. COPY FROM STDIN waits for data that cannot come, COPY with a program
 * leaves an engine in which every later statement does nothing, and a timeout of idle sessions or of transactions that
 * expires makes it hang.
 */
export async function refuseWhatHangs(text: string): Promise<void> {
  if (text.includes('\0')) throw zeroByte(text)
  // Cheap first: nearly no text passes these, and the parser takes 140 ms to load.
  if (/\bcopy\b[^]*\b(?:stdin|program)\b/i.test(text)) await refuseCopy(text)
  refuseTimeouts(text)
}

interface ParseTree {
  readonly stmts: readonly {
    readonly stmt: Partial<Record<string, Copy>>
    readonly stmt_location?: number
    readonly stmt_len?: number
  }[]
}

interface Copy {
  readonly is_from?: boolean
  readonly is_program?: boolean
  readonly filename?: string
}

async function refuseCopy(text: string): Promise<void> {
  const { parse } = await import('libpg-query')
  const tree = (await parse(text).catch(() => undefined)) as ParseTree | undefined
  const bytes = Buffer.from(text)
  // What does not parse is refused by PGlite too, before it runs any of it.
  for (const { stmt, stmt_location: start = 0, stmt_len: length = bytes.length } of tree?.stmts ?? []) {
    const before = bytes.subarray(0, start).toString()
    const sql = bytes.subarray(start, start + length).toString()
    const position = before.length + (/^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*/.exec(sql)?.[0].length ?? 0)
    const copy = stmt['CopyStmt']
    if (copy?.is_program || ((stmt['DoStmt'] || stmt['CreateFunctionStmt']) && /\bcopy\b[^;]*\bprogram\b/i.test(sql))) {
      throw refusal(
        text,
        position,
        'PGlite cannot run COPY with a program.',
        'Load the data in another way, such as INSERT.',
      )
    }
    if (copy?.is_from && copy.filename === undefined) {
      throw refusal(
        text,
        position,
        'PGlite cannot run COPY FROM STDIN.',
        'Write the rows as INSERT statements (pg_dump --inserts does), or put them into a seed file.',
      )
    }
  }
}

// `set x = 1`, `set x to '5s'`, `set_config('x', '5s', true)`; 0 and default switch it off, as pg_dump's files do.
const timeout =
  /\b(transaction_timeout|idle_in_transaction_session_timeout|idle_session_timeout)['"]?\s*(?:=|\bto\b|,)(?!\s*(?:['"]?0['"]?\s*(?:[;,)]|$)|default\b))/i

function refuseTimeouts(text: string): void {
  // Blanked and not removed, so that positions stay.
  const code = text.replaceAll(/--[^\n]*|\/\*[^]*?\*\//g, (comment) => ' '.repeat(comment.length))
  const found = timeout.exec(code)
  if (!found) return
  throw refusal(
    text,
    found.index,
    `PGlite hangs when ${found[1]?.toLowerCase() ?? 'it'} expires, so it cannot be set.`,
    'Remove the setting, or set it for the role or database on the PostgreSQL server instead.',
  )
}

function zeroByte(statement: string): DatabaseError {
  return new DatabaseError({
    code: 'statement_failed',
    reason: 'syntax',
    message: 'The statement holds a zero byte, which PostgreSQL cannot read.',
    remedy: 'Remove the zero byte.',
    engineCode: undefined,
    statement,
    position: statement.indexOf('\0'),
    object: undefined,
  })
}

function refusal(statement: string, position: number, message: string, remedy: string): DatabaseError {
  return new DatabaseError({
    code: 'not_supported',
    reason: 'other',
    message,
    remedy,
    engineCode: undefined,
    statement,
    position,
    object: undefined,
  })
}
