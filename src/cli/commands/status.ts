import { readStatus, type DatabaseStatus } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { flag, text } from '../input.ts'
import type { Output } from '../output.ts'
import { aheadOption } from '../destination.ts'
import { eachDatabase } from '../each-database.ts'
import { noteReadOnly } from '../read-only.ts'
import { refuseOneFileForMany, writeStatusFile } from '../auditing/reports.ts'
import { count } from '../ui/tables.ts'
import { describeWaiting } from '../ui/waiting.ts'

/** Says where each database stands. */
export const statusCommand = defineCommand({
  name: 'status',
  summary: 'Say where the database stands: what is applied, what is pending, what is wrong',
  description:
    'Reads only, and takes no lock, so it works while another process migrates. With --check the exit status is 0 only when the database is at the newest migration and files and history agree, which is what a deployment waits for; otherwise it is 3. A readiness probe adds --allow-ahead, so that the old replicas of a rolling update stay ready.',
  examples: [
    ['metastore status', 'show every database of metastore.toml'],
    ['metastore status --write status.yaml', 'write how far the database has come, as YAML'],
    ['metastore status --check --allow-ahead --quiet', 'a readiness probe: exit 0 at the newest migration or beyond'],
  ],
  scope: 'databases',
  options: [
    { flags: '--check', description: 'exit 3 unless the database is at its newest migration' },
    { flags: '--write <file>', description: 'write phases, tasks and percent to this YAML file, from the history' },
    { flags: '--set <name>', description: 'with --write: a set of seed_sets in metastore.toml' },
    { flags: '--environment <name>', description: 'with --write: what the database is for' },
    aheadOption,
  ],
  json: 'databases[]: database, address, state (idle, applying, in_progress, completing or aborting), managed, current, head, applied[], inProgress[], rollingBack, pending[], readOnly (replica, setting or null), waiting[] (name, path, extensions[]), discrepancies[] (kind, name, path, message, remedy), interrupted[] (migration, direction, step, label, status), oldSchema, newSchema, step (label, migration; or null), backfills[] (label, rowsDone, rowsTotal, done), lockHolder (holder, command, since, heartbeat, step; or null), atHead; and, also at the top where there is one database, the keys that scripts for Reshape know: status, in_progress_migrations[], latest_completed_migration, old_schema, new_schema, step, backfills[], lock_holder',

  async run(input, context) {
    const file = text(input, 'write')
    if (file !== undefined) await refuseOneFileForMany('--write', file, context)
    return eachDatabase(context, async (entry) => {
      await entry.files()
      await using engine = await entry.engine({ command: 'status', reads: true })
      const { files, waiting } = await entry.migrationsOn(engine)
      const readOnly = await noteReadOnly(engine, context.output)
      const status = await readStatus(engine, files, { ahead: flag(input, 'allowAhead') })
      const { line, say, paint } = context.output
      render(flag(input, 'check') ? say : line, paint, entry.address(), status)
      for (const migration of waiting) (flag(input, 'check') ? say : line)(`  ${describeWaiting(migration)}`)
      const document = { ...status, readOnly, waiting, ...asReshapeSays(status) }
      // Scripts that were written for Reshape look for its keys at the top, where it has one database.
      if ((await context.databases()).length === 1) context.output.document(asReshapeSays(status))
      const clean = status.atHead || !flag(input, 'check')
      if (file === undefined) return { document: { address: entry.address(), ...document }, clean }
      await engine[Symbol.asyncDispose]()
      await writeStatusFile(file, entry, input, context)
      return { document: { address: entry.address(), ...document, written: file }, clean }
    })
  },
})

function render(line: Output['line'], paint: Output['paint'], address: string, status: DatabaseStatus): void {
  line(`${address}: ${describeState(status)}`)
  line(
    `  ${count(status.applied.length, 'migration')} applied${status.current === null ? '' : `, the newest is ${status.current}`}`,
  )
  for (const name of status.inProgress)
    line(`  ${paint.strong(status.rollingBack ? 'rolling back' : 'in progress')}  ${name}`)
  renderBatch(line, status)
  for (const name of status.pending) line(`  ${paint.warn('pending')}  ${name}`)
  for (const { migration, label } of status.interrupted.filter((entry) => entry.status === 'intent')) {
    line(`  ${paint.bad('interrupted')}  ${migration}: ${label}`)
  }
  for (const { message, remedy } of status.discrepancies) {
    line(`  ${paint.bad('problem')}  ${message}`)
    line(`           ${remedy}`)
  }
}

const batchStates: Readonly<Partial<Record<DatabaseStatus['state'], { atWork: string; left: string }>>> = {
  applying: {
    atWork: 'starting',
    left: 'the start was interrupted; metastore start goes on, metastore abort takes back',
  },
  in_progress: { atWork: 'in progress', left: 'in progress; metastore complete or metastore abort ends it' },
  completing: { atWork: 'completing', left: 'the completion was interrupted; metastore complete goes on' },
  aborting: { atWork: 'aborting', left: 'the abort was interrupted; metastore abort goes on' },
}

function renderBatch(line: Output['line'], status: DatabaseStatus): void {
  if (status.inProgress.length === 0) return
  if (status.oldSchema !== null) line(`  old version  ${status.oldSchema}`)
  if (status.newSchema !== null) line(`  new version  ${status.newSchema}`)
  if (status.step !== null) line(`  step  ${status.step.label}`)
  for (const { label, rowsDone, rowsTotal, done } of status.backfills) {
    line(`  rows  ${label}: ${done ? `${rowsDone} done` : `${rowsDone} of about ${rowsTotal}`}`)
  }
  if (status.lockHolder !== null) line(`  at work  ${status.lockHolder.holder}, ${status.lockHolder.command}`)
}

function asReshapeSays(status: DatabaseStatus) {
  return {
    status: status.state,
    in_progress_migrations: status.inProgress,
    latest_completed_migration: status.current,
    old_schema: status.oldSchema,
    new_schema: status.newSchema,
    step: status.step,
    backfills: status.backfills,
    lock_holder: status.lockHolder,
  }
}

function describeState(status: DatabaseStatus): string {
  const batch = batchStates[status.state]
  if (status.rollingBack && status.state !== 'aborting') {
    if (status.lockHolder !== null) return 'rolling back'
    const back = status.state === 'completing' ? '' : ', metastore abort keeps what it takes back'
    return `a rollback was interrupted; metastore rollback goes on${back}`
  }
  if (status.inProgress.length > 0 && batch !== undefined) return status.lockHolder === null ? batch.left : batch.atWork
  if (status.state === 'applying') return 'a migration was begun and is not finished; metastore migrate goes on with it'
  if (status.atHead) return status.head === null ? 'there are no migrations' : 'up to date'
  if (status.discrepancies.length > 0) return 'files and history disagree'
  return `${count(status.pending.length, 'migration')} pending`
}
