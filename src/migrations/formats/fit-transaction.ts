import type { Dialect } from '../../database/sql.ts'
import type { MetastoreError } from '../../errors.ts'
import { problemAt, type Place } from '../problems.ts'
import { clientCommands } from '../sql/client-commands.ts'
import { scanSql, tokensOf, type Scan, type StatementRange } from '../sql/scanner.ts'
import { refusedStatements } from './refused-statement.ts'

/**
 * Makes a part fit the way it is run: in one transaction, BEGIN and COMMIT around all of it become spaces (so that offsets
 * stay), and any other transaction control and every statement that cannot run in a transaction is a problem. What
 * only psql understands is a problem either way.
 */
export async function fitTransaction(
  text: string,
  dialect: Dialect,
  place: Place,
  transaction: boolean,
): Promise<{ text: string; problems: MetastoreError[] }> {
  const scan = scanSql(text, dialect)
  const problems = clientCommands(text, scan, dialect, place)
  if (!transaction) return { text, problems }
  const own = ownTransaction(text, scan, dialect)
  const inner = own === undefined ? scan.statements : scan.statements.slice(1, -1)
  for (const statement of inner) {
    if (isControl(text, statement, dialect)) problems.push(controlInTransaction(statement, place))
  }
  problems.push(...(await refusedStatements(text, inner, dialect, place)))
  return { text: own === undefined ? text : own.reduce(blank, text), problems }
}

// The two statements of a part that is exactly `BEGIN; … COMMIT;`.
function ownTransaction(text: string, scan: Scan, dialect: Dialect): StatementRange[] | undefined {
  const [first, last] = [scan.statements[0], scan.statements.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  const begins =
    dialect === 'postgres'
      ? /^(?:begin(?: work| transaction)?|start transaction)$/
      : /^begin(?: deferred| immediate| exclusive)?(?: transaction)?$/
  if (!begins.test(plain(text, first, dialect))) return undefined
  if (!/^(?:commit|end)(?: work| transaction)?$/.test(plain(text, last, dialect))) return undefined
  return scan.statements.slice(1, -1).some((statement) => isControl(text, statement, dialect))
    ? undefined
    : [first, last]
}

function plain(text: string, statement: StatementRange, dialect: Dialect): string {
  return Array.from(tokensOf(text, statement, dialect), ({ start, end }) => text.slice(start, end).toLowerCase()).join(
    ' ',
  )
}

function blank(text: string, { start, end, terminator }: StatementRange): string {
  const after = terminator ?? end
  return text.slice(0, start) + text.slice(start, after).replaceAll(/[^\r\n]/g, ' ') + text.slice(after)
}

// A savepoint is not among them: it stays within the transaction.
function isControl(text: string, statement: StatementRange, dialect: Dialect): boolean {
  const [first, second, third] = statement.words
  switch (first) {
    case 'begin':
    case 'end':
      return true
    case 'commit':
      return second !== 'prepared'
    case 'rollback':
      return second !== 'prepared' && second !== 'to' && third !== 'to'
    case 'abort':
      return dialect === 'postgres'
    case 'start':
      return second === 'transaction'
    case 'prepare':
      return dialect === 'postgres' && /^prepare transaction '/.test(plain(text, statement, dialect))
    default:
      return false
  }
}

function controlInTransaction({ start, words }: StatementRange, place: Place): MetastoreError {
  const statement = (words[0] ?? '').toUpperCase()
  return problemAt(place, start, {
    code: 'migration_invalid',
    message: `${statement} in a migration that metastore runs in one transaction.`,
    remedy:
      'Remove it, or let the file manage its own transactions: put the line "-- metastore: no-transaction" at its top.',
  })
}
