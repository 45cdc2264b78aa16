import { createHash } from 'node:crypto'
import type { Dialect } from '../database/database.ts'
import type { ScriptPart, SqlPart } from './migration.ts'
import { problemAt } from './problems.ts'
import type { StatementKind } from './sql/classification.ts'
import { classifyStatement } from './sql/classify.ts'
import { splitStatements, type Statement } from './sql/split.ts'
import type { CompiledPart, SqlRange, Step } from './step.ts'

/** A direction of a migration that runs as it is written, on its own. One of actions is compiled with its batch. */
export type WholePart = SqlPart | ScriptPart

/**
 * What a direction of a migration does, as steps. In a transaction it is one step, run as its author wrote it; otherwise a
 * step for each statement, and one for each `begin … commit` of the file's own. No database is asked.
 * Throws `sql_syntax`, `migration_invalid`.
 */
export async function compilePart(part: WholePart, dialect: Dialect): Promise<CompiledPart> {
  if (part.kind === 'script') return compileScript(part)
  if (part.transaction) {
    const sql = rangeOf(part, 0, part.text.length)
    return { atomic: true, steps: [{ kind: 'transaction', key: digest(part.text), label: labelOf(part.text), sql }] }
  }
  const statements = await splitStatements(part.text, dialect, part)
  return { atomic: false, steps: numberTwins(gather(part, statements)) }
}

function compileScript(part: ScriptPart): CompiledPart {
  const name = part.path.split('/').at(-1) ?? part.path
  return { atomic: part.transaction, steps: [{ kind: 'code', key: 'code', label: name, part }] }
}

function gather(part: SqlPart, statements: readonly Statement[]): Step[] {
  const steps: Step[] = []
  let opened: Statement | undefined
  for (const statement of statements) {
    const { kind } = classifyStatement(statement)
    if (opened === undefined) {
      if (kind === 'begin') opened = statement
      else steps.push(toStep(part, statement))
    } else if (kind === 'commit') {
      steps.push(transactionStep(rangeOf(part, opened.after, statement.offset)))
      opened = undefined
    } else if (!allowedInside.has(kind)) throw notInside(part, statement)
  }
  if (opened !== undefined) throw neverCommitted(part, opened)
  return steps
}

// Between the file's own begin and commit.
const allowedInside: ReadonlySet<StatementKind> = new Set<StatementKind>(['transactional', 'session', 'temporary'])

function toStep(part: SqlPart, statement: Statement): Step {
  const sql = rangeOf(part, statement.offset, statement.end)
  const { kind, index } = classifyStatement(statement)
  switch (kind) {
    case 'transactional':
      return transactionStep(sql)
    case 'session':
      return { kind: 'setting', key: digest(sql.text), label: labelOf(sql.text), sql }
    case 'outside':
      return { kind: 'outside', key: digest(sql.text), label: labelOf(sql.text), sql, index, repeatable: true }
    case 'uncertain':
      return {
        kind: 'outside',
        key: digest(sql.text),
        label: labelOf(sql.text),
        sql,
        index: undefined,
        repeatable: false,
      }
    case 'temporary':
      throw lostWithSession(part, statement)
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'copy_stdin':
      throw misplaced(part, statement)
  }
}

function transactionStep(sql: SqlRange): Step {
  return { kind: 'transaction', key: digest(sql.text), label: labelOf(sql.text), sql }
}

function rangeOf({ text, offset, source, path }: SqlPart, start: number, end: number): SqlRange {
  return { text: text.slice(start, end), offset: offset + start, source, path }
}

// A statement keeps its key when lines are inserted above it, so that a file mended after a failure goes on where it stopped.
function digest(text: string): string {
  return createHash('sha256').update(text.trim().replaceAll('\r\n', '\n')).digest('hex').slice(0, 16)
}

function numberTwins(steps: readonly Step[]): Step[] {
  const seen = new Map<string, number>()
  return steps.map((step) => {
    const earlier = seen.get(step.key) ?? 0
    seen.set(step.key, earlier + 1)
    return earlier === 0 ? step : { ...step, key: `${step.key}#${earlier + 1}` }
  })
}

/** What a statement is called: its first words, without comments and line breaks, as far as they fit a line. */
export function labelOf(text: string): string {
  const words = text
    .replaceAll(/--[^\n]*/g, ' ')
    .replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return words.length > 60 ? `${words.slice(0, 59)}…` : words
}

function neverCommitted(part: SqlPart, { offset }: Statement) {
  return problemAt(part, offset, {
    code: 'migration_invalid',
    message: 'The transaction that begins here is never committed.',
    remedy: 'Add commit; after its last statement.',
  })
}

function misplaced(part: SqlPart, { offset, words }: Statement) {
  return problemAt(part, offset, {
    code: 'migration_invalid',
    message: `${words.slice(0, 1).join('').toUpperCase()} stands outside a transaction of the file, where it means nothing.`,
    remedy: 'Remove it, or write begin; … commit; around what belongs together.',
  })
}

function notInside(part: SqlPart, { offset, words }: Statement) {
  return problemAt(part, offset, {
    code: 'migration_invalid',
    message: `${words.slice(0, 2).join(' ').toUpperCase()} cannot stand between the begin and the commit of the file.`,
    remedy: 'Move it out of the transaction.',
  })
}

function lostWithSession(part: SqlPart, { offset }: Statement) {
  return problemAt(part, offset, {
    code: 'migration_invalid',
    message:
      'What is temporary is lost with its session, so a file outside a transaction could not go on after an interruption.',
    remedy: 'Write begin; … commit; around what uses it, or make it an ordinary table and drop it at the end.',
  })
}
