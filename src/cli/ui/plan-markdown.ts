import type { Finding } from '../../finding.ts'
import type { Plan, PlannedMigration } from '../../migrations/migrations.ts'
import { forecastRows } from './forecast.ts'
import { codeBlock, escapeMarkdown } from './markdown.ts'
import { count } from './tables.ts'

/** The plan of one database, with what stands in its way where somebody looked. */
export interface PlannedDatabase {
  readonly database: string
  /** The URL of the database without its password. */
  readonly address: string
  readonly plan: Plan
  readonly preflight?: readonly Finding[] | undefined
}

/** Plans as a comment in Markdown on a change: for each migration what others will feel of it, and its SQL folded away. */
export function renderPlanComment(planned: readonly PlannedDatabase[]): string {
  return planned
    .flatMap((each) => [...databaseLines(each), ''])
    .join('\n')
    .trimEnd()
}

function databaseLines({ database, address, plan, preflight = [] }: PlannedDatabase): string[] {
  const { migrations } = plan
  const summary = migrations.length === 0 ? 'Nothing to run' : `${count(migrations.length, 'migration')} to run`
  return [
    `### Plan for ${escapeMarkdown(database)}`,
    '',
    `${summary} on ${escapeMarkdown(address)}.`,
    ...preflightLines(preflight),
    ...migrations.flatMap((migration) => ['', ...migrationLines(migration)]),
  ]
}

function preflightLines(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return []
  const rows = findings.map(({ severity, message, remedy }) => [severity, message, remedy])
  return ['', ...markdownTable(['', 'in the way right now', 'what to do'], rows)]
}

function migrationLines(migration: PlannedMigration): string[] {
  const { name, batch, direction, atomic, remark, steps } = migration
  const how = batch !== undefined ? 'in phases' : atomic ? 'in one transaction' : 'statement by statement'
  const sql = steps.map(({ sql, label }) => (sql === null ? `-- code: ${label}` : terminated(sql))).join('\n')
  return [
    `**${escapeMarkdown((batch ?? [name]).join(', '))}** (${direction}, ${how})`,
    ...forecastLines(migration),
    ...(remark === undefined ? [] : ['', escapeMarkdown(remark)]),
    '',
    `<details><summary>${count(steps.length, 'step')} in SQL</summary>`,
    '',
    ...codeBlock('sql', sql),
    '',
    '</details>',
  ]
}

function forecastLines(migration: PlannedMigration): string[] {
  const { rows, quiet } = forecastRows(migration)
  if (rows.length === 0 && quiet === 0) return []
  const rest = quiet === 0 ? [] : ['', `${count(quiet, 'statement')} that nobody waits for.`]
  return rows.length === 0
    ? rest
    : ['', ...markdownTable(['statement', 'locks', 'waits', 'work', 'about'], rows), ...rest]
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => escapeMarkdown(cell)).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

function terminated(sql: string): string {
  return sql.endsWith(';') || sql === '' ? sql : `${sql};`
}
