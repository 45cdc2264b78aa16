import { DatabaseError, type Dialect, type Queryable } from '../database/database.ts'
import { splitStatements } from './sql/split.ts'
import type { SqlRange } from './step.ts'
import { excerpt, lineAndColumn } from '../text-position.ts'

/**
 * Runs SQL from a file, as it was written. A failure says where in the file it is: where the engine says so, at that
 * character; else at the statement that failed.
 */
export async function runSql(db: Queryable, range: SqlRange, dialect: Dialect): Promise<void> {
  try {
    await db.script(range.text)
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    throw inFile(error, range, error.position === undefined ? await statementOffset(error, range, dialect) : 0)
  }
}

// Only after a failure, so that the parser is not loaded for files that succeed.
async function statementOffset({ completed }: DatabaseError, { text }: SqlRange, dialect: Dialect): Promise<number> {
  if (completed === undefined) return 0
  try {
    return (await splitStatements(text, dialect))[completed]?.offset ?? 0
  } catch {
    return 0
  }
}

/** The same failure with its place in the file, the line, and a mark under the character. */
function inFile(error: DatabaseError, { source, path, offset }: SqlRange, statementOffset: number): DatabaseError {
  const start = offset + statementOffset + (error.position ?? 0)
  const first = error.position === undefined ? skipBlank(source, start) : start
  const { line, column } = lineAndColumn(source, first)
  return new DatabaseError({
    code: error.code,
    message: error.message,
    where: `${path}:${line}:${column}`,
    remedy: error.remedy,
    details: [...excerpt(source, first), ...error.details],
    cause: error.cause,
    reason: error.reason,
    engineCode: error.engineCode,
    statement: error.statement,
    position: error.position,
    object: error.object,
    completed: error.completed,
  })
}

// A statement's range begins with the comments and blank lines above it; people look for its first word.
function skipBlank(source: string, offset: number): number {
  const gap = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/.exec(source.slice(offset))?.[0].length ?? 0
  return offset + gap < source.length ? offset + gap : offset
}
