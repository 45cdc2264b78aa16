import { rounded, size } from '../../migrations/foresee.ts'
import type { Seconds, StatementForecast } from '../../migrations/foresee.ts'
import type { PlannedMigration } from '../../migrations/migrations.ts'
import { count, duration, table } from './tables.ts'

/** What a migration will do to others, as a table with a line for each statement that somebody may feel; none where nobody looked. */
export function forecastLines(migration: PlannedMigration): string[] {
  const { rows, quiet: rest } = forecastRows(migration)
  const quiet =
    rest === 0 ? [] : [`${rows.length === 0 ? '' : 'and '}${count(rest, 'statement')} that nobody waits for`]
  if (rows.length === 0) return quiet
  return [...table([['statement', 'locks', 'waits', 'work', 'about'], ...rows]), ...quiet]
}

/** The same as cells: statement, locks, who waits, work, about how long; and how many statements nobody waits for. */
export function forecastRows({ steps }: PlannedMigration): {
  readonly rows: readonly string[][]
  readonly quiet: number
} {
  const forecasts = steps.flatMap(({ forecast }) => forecast?.statements ?? [])
  const felt = forecasts.filter(isFelt)
  const rows = felt.map((one) => [one.statement, locksOf(one), one.waits ?? 'unknown', workOf(one), about(one)])
  return { rows, quiet: forecasts.length - felt.length }
}

function isFelt({ unknown, work, waits }: StatementForecast): boolean {
  return unknown !== null || work.length > 0 || waits === 'writes' || waits === 'reads and writes'
}

function locksOf({ locks, unknown }: StatementForecast): string {
  if (unknown !== null) return `unknown: ${unknown}`
  return locks.map((lock) => `${lock.table} ${lock.mode}`).join(', ')
}

function workOf({ work }: StatementForecast): string {
  return work
    .map(({ kind, table: name, rows, bytes, atMost }) => {
      const amount =
        rows !== null ? `${rounded(rows)} rows` : bytes === null ? 'nobody knows how many rows' : size(bytes)
      return `${kind} ${name} (${atMost ? 'at most ' : ''}${amount})`
    })
    .join(', ')
}

function about({ seconds }: StatementForecast): string {
  return seconds === null ? 'unknown' : span(seconds)
}

/** A range of seconds as people say it. */
function span({ least, most }: Seconds): string {
  if (most <= 0.1) return 'an instant'
  if (least < 0.1) return `up to ${short(most)}`
  return `${short(least)} to ${short(most)}`
}

// An order of magnitude needs no decimals.
function short(seconds: number): string {
  if (seconds < 1) return duration(Math.round(seconds * 10) * 100)
  if (seconds < 120) return `${Math.round(seconds)} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
