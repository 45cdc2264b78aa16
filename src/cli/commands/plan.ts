import {
  assertConsistent,
  parseAll,
  planRollback,
  planRun,
  readRollback,
  selectPending,
  selectRollback,
  type Plan,
  type PlannedMigration,
} from '../../migrations/migrations.ts'
import { phaseOptions, stepOptions } from '../batch-options.ts'
import { defineCommand } from '../command.ts'
import { argument, flag } from '../input.ts'
import { allowanceOptions, allowances, countAsSteps, destination, uniteNames } from '../destination.ts'
import { eachDatabase } from '../each-database.ts'
import type { Output } from '../output.ts'
import { count } from '../ui/tables.ts'

/** Shows what migrating or rolling back would run; nothing is executed. */
export const planCommand = defineCommand({
  name: 'plan',
  summary: 'Show the SQL that migrate would run; nothing is executed',
  description:
    'Looks at the database to see what is pending, and changes nothing. The output is SQL, with remarks as comments.',
  examples: [
    ['metastore plan', 'what metastore migrate would run now'],
    ['metastore plan --rollback 2', 'what metastore rollback 2 would run'],
  ],
  scope: 'databases',
  arguments: [{ name: '[destination]', description: 'as for migrate, or with --rollback as for rollback' }],
  options: [{ flags: '--rollback', description: 'show a rollback' }, ...stepOptions, ...allowanceOptions],
  json: 'databases[]: database, address, bookkeeping[] (SQL), migrations[] (name, path, direction, atomic, batch[] (names, of actions), remark, steps[] (kind, label, sql; of a batch also phase, migration, locks[] (table, mode)))',

  run: (input, context) =>
    eachDatabase(context, async (entry) => {
      const files = await entry.files()
      await using engine = await entry.engine({ command: 'plan', reads: true })
      const position = await engine.look()
      const given = argument(input, 0)
      const back = flag(input, 'rollback')
      const known = uniteNames(files, position.applied)
      const to = given === undefined ? {} : { to: destination(back ? countAsSteps(given) : given, known) }
      const allow = allowances(input, files)
      // What migrate would refuse to begin is refused here as well.
      if (!back) await assertConsistent(engine, files, position, allow)
      const options = phaseOptions(entry, input, context)
      const pending = back ? [] : selectPending(files, position, { ...to, allow })
      const plan = back
        ? await planRollback(
            engine,
            position.state,
            await readRollback(engine, files, selectRollback(position, to.to)),
            options,
          )
        : await planRun(engine, position.state, await parseAll(pending, engine, position, files), options)
      render(context.output, entry.address(), plan)
      return { document: { address: entry.address(), ...plan } }
    }),
})

function render({ line, paint }: Output, address: string, plan: Plan): void {
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
  { path, direction, steps, remark }: PlannedMigration,
  names: readonly string[],
): void {
  line()
  line(paint.strong(`-- ${names.join(', ')} (${direction}, ${path}), in phases, journalled`))
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
