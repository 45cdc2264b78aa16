import type { ProvedStatement } from '../../shadow/shadow.ts'
import type { Output } from '../output.ts'
import { table } from './tables.ts'

/** What each statement was seen to do, a line each. */
export function renderProof({ line, paint }: Output, statements: readonly ProvedStatement[]): void {
  const rows = statements.map((statement) => [
    `${statement.file}:${statement.line}:${statement.column}`,
    statement.observed === null ? paint.warn('not proved') : paint.good('proved'),
    wordsFor(statement),
  ])
  for (const row of table(rows)) line(row)
}

function wordsFor({ observed, reason }: ProvedStatement): string {
  if (observed === null) return reason ?? ''
  const { locks, rewrites, scans } = observed
  const seen = [
    ...locks.map(({ table: name, mode }) => `${mode} on ${name}`),
    ...rewrites.map((name) => `${name} gets a new file`),
    ...(scans ?? []).map((name) => `reads the rows of ${name}`),
  ]
  return seen.length === 0 ? 'touches no table that was there before its file' : seen.join(', ')
}
