import type { Plan, PlannedMigration } from '../../migrations/migrations.ts'
import type { Output } from '../output.ts'
import { forecastLines } from './forecast.ts'
import { count } from './tables.ts'

/** Prints a plan as SQL, with remarks as comments. */
export function renderPlan({ line, paint }: Output, address: string, plan: Plan): void {
  line(paint.faint(`-- ${address}: ${count(plan.migrations.length, 'migration')} to run`))
  if (plan.bookkeeping.length > 0 && plan.migrations.length > 0) {
    line(paint.faint('-- bookkeeping, because metastore has not been here before'))
    plan.bookkeeping.forEach((statement) => line(`${statement};`))
  }
  for (const migration of plan.migrations) {
    if (migration.batch === undefined) renderMigration(line, paint, migration)
    else renderBatch(line, paint, migration, migration.batch)
  }
}

function renderMigration(line: Output['line'], paint: Output['paint'], migration: PlannedMigration): void {
  const how = migration.atomic ? 'in one transaction' : 'statement by statement, journalled'
  line()
  line(paint.strong(`-- ${migration.name} (${migration.direction}, ${migration.path}), ${how}`))
  forecastLines(migration).forEach((each) => line(paint.faint(`-- ${each}`)))
  if (migration.remark !== undefined) line(`-- ${migration.remark}`)
  if (migration.atomic) line('begin;')
  for (const step of migration.steps) {
    if (step.kind === 'outside') line(paint.faint('-- outside a transaction'))
    line(step.sql === null ? `-- code: ${step.label}` : terminated(step.sql))
  }
  if (migration.atomic) line('commit;')
}

const phaseTitles = {
  start: 'start: the old version goes on',
  prepare: 'complete, while both versions live',
  complete: 'complete, when the old version is gone',
}

function renderBatch(
  line: Output['line'],
  paint: Output['paint'],
  planned: PlannedMigration,
  names: readonly string[],
): void {
  const { path, direction, steps, remark } = planned
  line()
  line(paint.strong(`-- ${names.join(', ')} (${direction}, ${path}), in phases, journalled`))
  forecastLines(planned).forEach((each) => line(paint.faint(`-- ${each}`)))
  for (const [index, { phase = 'start', label, migration, locks = [], sql }] of steps.entries()) {
    if (phase !== steps[index - 1]?.phase) line(paint.strong(`\n-- ${phaseTitles[phase]}`))
    const of = migration == null ? '' : `, of ${migration}`
    const held = locks.map(({ table, mode }) => `, locks ${table} in ${mode} mode`).join('')
    line(paint.faint(`-- ${label}${of}${held}`))
    if (sql !== null) line(terminated(sql))
  }
  if (remark !== undefined) line(`-- ${remark}`)
}

function terminated(sql: string): string {
  return sql.endsWith(';') || sql === '' ? sql : `${sql};`
}
