import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import type { Finding, Severity } from '../../finding.ts'
import {
  assertConsistent,
  loadStatistics,
  parseAll,
  planRollback,
  planRun,
  readRollback,
  selectPending,
  selectRollback,
  type Engine,
  type Plan,
  type Position,
} from '../../migrations/migrations.ts'
import { phaseOptions, stepOptions } from '../batch-options.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { allowanceOptions, allowances, countAsSteps, destination, uniteNames } from '../destination.ts'
import { eachDatabase } from '../each-database.ts'
import { failOn } from '../fail-on.ts'
import { lookAhead, renderPreflight } from '../look-ahead.ts'
import { argument, flag, text, type Input } from '../input.ts'
import { noteReadOnly } from '../read-only.ts'
import { renderPlan } from '../ui/plan.ts'
import { renderPlanComment, type PlannedDatabase } from '../ui/plan-markdown.ts'

/** Shows what migrating or rolling back would run; nothing is executed. */
export const planCommand = defineCommand({
  name: 'plan',
  summary: 'Show the SQL that migrate would run, what it locks, and about how long; nothing is executed',
  description:
    'Looks at the database to see what is pending, and changes nothing. The output is SQL, with remarks as comments. On PostgreSQL each migration begins with a table of what others will feel: the locks of each statement, who waits for them, and about how long, from the number of rows and usual rates; the range is an order of magnitude and no promise. With --preflight it is told as well what stands in the way on the database as it is now, and the exit status is 3 for a finding as bad as --fail-on or worse. With --out the plan is saved as JSON, to be approved and then applied with metastore migrate --plan.',
  examples: [
    ['metastore plan', 'what metastore migrate would run now'],
    ['metastore plan --rollback 2', 'what metastore rollback 2 would run'],
    ['metastore plan --out plan.json', 'save it, to be read by a person and applied as it is'],
    ['metastore plan --preflight --disk-free 50GB', 'say as well what stands in the way right now'],
    ['metastore plan --statistics production.json', 'foretell times by the tables of another database'],
    ['metastore plan --format markdown', 'a comment on a pull request: what others will feel, and the SQL folded away'],
  ],
  scope: 'databases',
  formats: ['markdown'],
  arguments: [{ name: '[destination]', description: 'as for migrate, or with --rollback as for rollback' }],
  options: [
    { flags: '--rollback', description: 'show a rollback' },
    { flags: '--out <file>', description: 'save the plan as JSON for metastore migrate --plan' },
    {
      flags: '--statistics <file>',
      description: 'foretell times by statistics that metastore check --save-statistics has written',
    },
    {
      flags: '--preflight',
      description: 'look at what stands in the way right now: transactions, replicas, space, rights and more',
    },
    { flags: '--disk-free <size>', description: 'with --preflight: what is free on the disk of the server, as 50GB' },
    { flags: '--fail-on <severity>', description: 'with --preflight: P0, P1 (default) or P2 makes the exit status 3' },
    ...stepOptions,
    ...allowanceOptions,
  ],
  json: 'databases[]: database, address, bookkeeping[] (SQL), migrations[] (name, path, direction, atomic, batch[] (names, of actions), remark, steps[] (kind, label, sql; of a batch also phase, migration, locks[] (table, mode); on PostgreSQL forecast (statements[] (statement, locks[] (table, mode), waits, work[] (table, kind, rows, bytes, atMost), seconds (least, most; or null), basis, unknown), locks[], waits, seconds))); with --preflight also preflight[] (code, severity, file, object, message, remedy)',

  async run(input, context) {
    const worst = failOn(input)
    if (text(input, 'out') !== undefined) {
      if (flag(input, 'rollback')) throw rollbackSaved()
      // A saved plan is for one database.
      await context.oneDatabase()
    }
    const asComment: PlannedDatabase[] | undefined = text(input, 'format') === 'markdown' ? [] : undefined
    const status = await eachDatabase(context, async (entry) => {
      const { plan, preflight, clean } = await planDatabase(entry, input, context, worst)
      const address = entry.address()
      if (asComment === undefined) {
        renderPlan(context.output, address, plan)
        if (preflight !== undefined) renderPreflight(context.output, preflight)
      } else asComment.push({ database: entry.settings.name, address, plan, preflight })
      return { document: { address, ...plan, ...(preflight && { preflight }) }, clean }
    })
    if (asComment !== undefined) context.output.report(renderPlanComment(asComment))
    return status
  },
})

interface Planned {
  readonly plan: Plan
  readonly preflight: readonly Finding[] | undefined
  readonly clean: boolean
}

async function planDatabase(entry: DatabaseEntry, input: Input, context: Context, worst: Severity): Promise<Planned> {
  await entry.files()
  await using engine = await entry.engine({ command: 'plan', reads: true })
  const { files } = await entry.migrationsOn(engine)
  await noteReadOnly(engine, context.output)
  const position = await engine.look()
  const compiled = await compile(engine, entry, position, { input, context })
  const shown = text(input, 'statistics')
  const statistics =
    shown === undefined ? undefined : await loadStatistics(path.resolve(context.workingDirectory, shown), shown)
  const options = phaseOptions(entry, input, context)
  const base = options.base ?? 'public'
  const foreseen =
    engine.database.dialect === 'postgres' && compiled.migrations.length > 0
      ? await (await import('../../migrations/foresee.ts')).foresee(engine, compiled, { base, statistics })
      : undefined
  const plan = foreseen?.plan ?? compiled
  const out = text(input, 'out')
  if (out !== undefined) {
    const { makePlanFile, writePlanFile } = await import('../../migrations/plan-files.ts')
    const { batch } = options
    const catalog = foreseen?.catalog ?? null
    const allow = allowances(input, files)
    const saved = await makePlanFile(engine, {
      plan,
      address: entry.address(),
      files,
      position,
      catalog,
      base,
      batch,
      allow,
    })
    await writePlanFile(path.resolve(context.workingDirectory, out), out, saved)
    context.output.note(`Saved: ${out}. Apply it with metastore migrate --plan ${out}.`)
  }
  const preflight =
    foreseen && flag(input, 'preflight') ? await lookAhead({ engine, entry, input, base, files }, foreseen) : undefined
  return { plan, preflight, clean: (preflight ?? []).every(({ severity }) => severity > worst) }
}

async function compile(
  engine: Engine,
  entry: DatabaseEntry,
  position: Position,
  { input, context }: { readonly input: Input; readonly context: Context },
): Promise<Plan> {
  const { files } = await entry.migrationsOn(engine)
  const given = argument(input, 0)
  const back = flag(input, 'rollback')
  const known = uniteNames(files, position.applied)
  const to = given === undefined ? {} : { to: destination(back ? countAsSteps(given) : given, known) }
  const allow = allowances(input, files)
  // What migrate would refuse to begin is refused here as well.
  if (!back) await assertConsistent(engine, files, position, allow)
  const options = phaseOptions(entry, input, context)
  const pending = back ? [] : selectPending(files, position, { ...to, allow })
  return back
    ? planRollback(engine, position.state, await readRollback(engine, files, selectRollback(position, to.to)), options)
    : planRun(engine, position.state, await parseAll(pending, engine, position, files), options)
}

function rollbackSaved(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'Only a plan of migrate can be saved, not one of rollback.',
    where: '--out',
    remedy: 'Leave --rollback or --out out.',
  })
}
