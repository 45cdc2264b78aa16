import { MetastoreError } from '../../errors.ts'
import type { Engine, Position } from '../engine.ts'
import { readJournal } from '../journal.ts'
import { foresee } from '../foresee.ts'
import type { MigrationFile } from '../migration.ts'
import { planRun, type PlannedMigration } from '../plan.ts'
import { parseAll, selectPending } from '../selection.ts'
import { namesOf } from '../stored-batch.ts'
import { fingerprintOf } from './fingerprint.ts'
import { identityOf } from './identity.ts'
import { filesOf } from './make-plan-file.ts'
import type { PlanFile } from './plan-file.ts'

/** What a saved plan says of how it is to be applied. */
export function optionsOfPlan({ options, migrations }: PlanFile) {
  const { base, allow, ...batch } = options
  const last = migrations.at(-1)
  return {
    base,
    batch,
    allow,
    to: last === undefined ? ({ kind: 'steps', count: 0 } as const) : ({ kind: 'name', name: last.name } as const),
  }
}

/**
 * Throws `plan_stale` unless applying now would do what the plan says: the same database where the plan left it, or where an
 * interrupted run of the same plan did; the same files; the same tables; and the same steps. It only reads.
 */
export async function assertApproved(
  engine: Engine,
  files: readonly MigrationFile[],
  position: Position,
  { plan, path, address }: { readonly plan: PlanFile; readonly path: string; readonly address: string },
): Promise<void> {
  const identity = await identityOf(engine.database, engine.session, address)
  const moved = movedOn(plan, position)
  const changes = [
    ...otherDatabase(plan, identity, address),
    ...moved.changes,
    ...changedFiles(plan.files, filesOf(files)),
  ]
  // Steps are only worth a comparison where everything that they are made from is the same.
  if (changes.length === 0) changes.push(...(await changedSteps(engine, files, position, plan, moved.begun)))
  if (changes.length > 0) throw stale(path, changes)
}

function otherDatabase(
  { database }: PlanFile,
  { system, name }: Awaited<ReturnType<typeof identityOf>>,
  address: string,
): string[] {
  const sameServer = database.system === null || system === null || database.system === system
  if (sameServer && database.name === name) return []
  const server = sameServer ? '' : ` of the server ${database.system}, and this server is ${system}`
  return [`The plan is for ${database.address}${server}; this is ${address}.`]
}

// The history is the plan's, or that and the first of the plan's own migrations, where a run of it was cut off.
function movedOn({ position: then, migrations }: PlanFile, now: Position): { changes: string[]; begun: boolean } {
  const planned = migrations.flatMap(({ name, batch }) => batch ?? [name])
  const expected = [...then.applied.map(({ name }) => name), ...planned]
  const applied = now.applied.map(({ name }) => name)
  const standing = now.state.batch === null ? [] : namesOf(now.state.batch)
  const gone = then.applied.filter(({ name }) => !applied.includes(name))
  const added = applied.filter(
    (name, index) => expected[index] !== name && !then.applied.some((one) => one.name === name),
  )
  const foreign = standing.filter((name) => !planned.includes(name) && !then.batch.includes(name))
  const changes = [
    ...gone.map(({ name }) => `Migration ${name} was applied then, and is not now.`),
    ...added.map((name) => `Migration ${name} has been applied since.`),
    ...(foreign.length > 0 ? [`A batch was started since: ${foreign.join(', ')}.`] : []),
  ]
  const begun = applied.length !== then.applied.length || (now.state.phase ?? null) !== then.phase
  return { changes, begun }
}

function changedFiles(then: PlanFile['files'], now: PlanFile['files']): string[] {
  return [
    ...then.flatMap(({ name, path, checksum }) => {
      const file = now.find((one) => one.name === name)
      if (file === undefined) return [`The file ${path} is gone.`]
      return file.checksum === checksum ? [] : [`The file ${path} has changed.`]
    }),
    ...now.filter(({ name }) => !then.some((one) => one.name === name)).map(({ path }) => `The file ${path} is new.`),
  ]
}

async function changedSteps(
  engine: Engine,
  files: readonly MigrationFile[],
  position: Position,
  saved: PlanFile,
  begun: boolean,
): Promise<string[]> {
  const { base, batch, allow, to } = optionsOfPlan(saved)
  const pending = selectPending(files, position, { to, allow })
  const plan = await planRun(engine, position.state, await parseAll(pending, engine, position, files), { base, batch })
  const resumed = begun || (await isResumed(engine, plan.migrations, saved))
  const steps = plan.migrations.flatMap((migration) => compareMigration(migration, saved, resumed))
  // What an interrupted run has done already is no change by somebody else.
  if (resumed || saved.catalog === null) return steps
  const left = saved.migrations.filter(({ name }) => !plan.migrations.some((one) => one.name === name))
  const { catalog, plan: foreseen } = await foresee(engine, plan, { base })
  return [
    ...steps,
    ...left.map(({ name }) => `Migration ${name} would not run any more.`),
    ...changedObjects(saved.catalog, fingerprintOf(catalog, foreseen.migrations, base)),
  ]
}

// A run of the plan was cut off between the statements of a file that is not one transaction. Where the plan was made after
// such an interruption, a statement of it has to have been done since.
async function isResumed(
  { session, bookkeeping }: Pick<Engine, 'session' | 'bookkeeping'>,
  now: readonly PlannedMigration[],
  saved: PlanFile,
): Promise<boolean> {
  const begun = new Set((await readJournal(session, bookkeeping)).map(({ migration }) => migration))
  return saved.migrations.some((then) => {
    if (!begun.has(then.name)) return false
    const left = now.find(({ name }) => name === then.name)?.steps ?? []
    return then.remark === undefined || left.length < then.steps.length
  })
}

function compareMigration(migration: PlannedMigration, saved: PlanFile, begun: boolean): string[] {
  const then = saved.migrations.find(({ name }) => name === migration.name)
  if (then === undefined) return [`Migration ${migration.name} would run as well.`]
  // Steps that depended on what ran before were approved by their files alone.
  if (then.batch !== undefined && then.remark !== undefined && begun) return []
  const [before, after] = [then.steps.map(comparable), migration.steps.map(comparable)]
  const same = begun ? after.every((step) => before.includes(step)) : before.join('\n') === after.join('\n')
  if (same && then.atomic === migration.atomic) return []
  const index = after.findIndex((step, place) => (begun ? !before.includes(step) : step !== before[place]))
  const label = (migration.steps[index] ?? then.steps[after.length])?.label
  return [`Migration ${migration.name} has other steps now${label === undefined ? '' : `, from "${label}" on`}.`]
}

function comparable({
  kind,
  label,
  sql,
  phase,
  migration,
  locks,
}: PlannedMigration['steps'][number] | SavedStep): string {
  return JSON.stringify([kind, label, sql, phase ?? null, migration ?? null, locks ?? []])
}

type SavedStep = PlanFile['migrations'][number]['steps'][number]

function changedObjects(then: NonNullable<PlanFile['catalog']>, now: NonNullable<PlanFile['catalog']>): string[] {
  return [
    ...then.flatMap(({ object, digest }) => {
      const found = now.find((one) => one.object === object)
      if (found === undefined) return [`The ${object} is gone.`]
      return found.digest === digest ? [] : [`The ${object} has changed.`]
    }),
    ...now
      .filter(({ object }) => !then.some((one) => one.object === object))
      .map(({ object }) => `The ${object} is new.`),
  ]
}

function stale(path: string, changes: readonly string[]): MetastoreError {
  const [first = ''] = changes
  const rest =
    changes.length === 1 ? '' : ` And ${changes.length - 1} more ${changes.length === 2 ? 'thing' : 'things'}.`
  return new MetastoreError({
    code: 'plan_stale',
    message: `The plan does not fit any more, and nothing was changed. ${first}${rest}`,
    where: path,
    remedy: 'Make the plan again with metastore plan --out, and have it approved.',
    details: changes.length === 1 ? [] : changes,
  })
}
