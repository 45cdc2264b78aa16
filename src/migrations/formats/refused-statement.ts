import type { Dialect } from '../../database/sql.ts'
import type { MetastoreError } from '../../errors.ts'
import { problemAt, type Place } from '../problems.ts'
import { classifyPostgres } from '../sql/classify-postgres.ts'
import { isIdleInTransaction } from '../sql/classify-sqlite.ts'
import { isFailure, loadParser } from '../sql/parser.ts'
import type { StatementRange } from '../sql/scanner.ts'

/**
 * The statements that the server refuses in a transaction, or that do nothing there. The parser is loaded only to confirm
 * what a look at the first words raises a suspicion of.
 */
export async function refusedStatements(
  text: string,
  statements: readonly StatementRange[],
  dialect: Dialect,
  place: Place,
): Promise<MetastoreError[]> {
  if (dialect === 'sqlite') {
    return statements
      .filter(({ start, end, words }) => isIdleInTransaction({ text: text.slice(start, end), words }))
      .map((statement) => refused(text, statement, place))
  }
  const suspects = statements.filter((statement) => isSuspect(text, statement))
  if (suspects.length === 0) return []
  const parser = await loadParser()
  return suspects
    .filter(({ start, end }) => {
      const parsed = parser.parse(text.slice(start, end))
      // What does not parse is the server's to report: it may be newer than our grammar.
      return !isFailure(parsed) && parsed.some(({ node }) => classifyPostgres(node).kind === 'outside')
    })
    .map((statement) => refused(text, statement, place))
}

function isSuspect(text: string, { words, start, end }: StatementRange): boolean {
  const [first, second] = words
  switch (first) {
    case 'create':
    case 'drop':
      return words.includes('concurrently') || ['database', 'tablespace', 'subscription'].includes(second ?? '')
    case 'alter':
      if (second === 'table') return /\bconcurrently\b/i.test(text.slice(start, end))
      return ['system', 'subscription', 'database'].includes(second ?? '')
    case 'vacuum':
    case 'reindex':
    case 'cluster':
      return true
    case 'discard':
      return second === 'all'
    case 'commit':
    case 'rollback':
      return second === 'prepared'
    default:
      return false
  }
}

function refused(text: string, statement: StatementRange, place: Place): MetastoreError {
  const sql = text.slice(statement.start, statement.end)
  const foreignKeys = /^pragma\b.*\bforeign_keys\b/is.test(sql)
  const problem = /^pragma\b/i.test(sql) ? 'has no effect in a transaction' : 'cannot run in a transaction'
  return problemAt(place, statement.start, {
    code: 'migration_invalid',
    message: `${labelOf(sql, statement.words)} ${problem}, and metastore runs this migration in one.`,
    remedy: `Put the line "-- metastore: no-transaction" at the top of the file${
      foreignKeys ? ', or use PRAGMA defer_foreign_keys, which works in a transaction' : ''
    }.`,
  })
}

function labelOf(sql: string, words: readonly string[]): string {
  const concurrently = words.indexOf('concurrently')
  if (concurrently !== -1)
    return words
      .slice(0, concurrently + 1)
      .join(' ')
      .toUpperCase()
  const [first = '', second = ''] = words
  if (first === 'pragma') return `PRAGMA ${second}`
  if (first === 'vacuum' || first === 'cluster') return first.toUpperCase()
  const start = `${first} ${second}`.trimEnd().toUpperCase()
  return /\bconcurrently\b/i.test(sql) ? `${start} … CONCURRENTLY` : start
}
