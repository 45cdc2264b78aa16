import { readStatus, type DatabaseStatus } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { flag } from '../input.ts'
import type { Output } from '../output.ts'
import { aheadOption } from '../destination.ts'
import { eachDatabase } from '../each-database.ts'
import { count } from '../ui/tables.ts'

/** Says where each database stands. */
export const statusCommand = defineCommand({
  name: 'status',
  summary: 'Say where the database stands: what is applied, what is pending, what is wrong',
  description:
    'Reads only, and takes no lock, so it works while another process migrates. With --check the exit status is 0 only when the database is at the newest migration and files and history agree, which is what a deployment waits for; otherwise it is 3. A readiness probe adds --allow-ahead, so that the old replicas of a rolling update stay ready.',
  examples: [
    ['metastore status', 'show every database of metastore.toml'],
    ['metastore status --check --allow-ahead --quiet', 'a readiness probe: exit 0 at the newest migration or beyond'],
  ],
  scope: 'databases',
  options: [{ flags: '--check', description: 'exit 3 unless the database is at its newest migration' }, aheadOption],
  json: 'databases[]: database, address, state (idle or applying), managed, current, head, applied[], pending[], discrepancies[] (kind, name, path, message, remedy), interrupted[] (migration, direction, step, label, status), atHead',

  run: (input, context) =>
    eachDatabase(context, async (entry) => {
      const files = await entry.files()
      await using engine = await entry.engine({ command: 'status', reads: true })
      const status = await readStatus(engine, files, { ahead: flag(input, 'allowAhead') })
      const { line, say, paint } = context.output
      render(flag(input, 'check') ? say : line, paint, entry.address(), status)
      return { document: { address: entry.address(), ...status }, clean: status.atHead || !flag(input, 'check') }
    }),
})

function render(line: Output['line'], paint: Output['paint'], address: string, status: DatabaseStatus): void {
  line(`${address}: ${describeState(status)}`)
  line(
    `  ${count(status.applied.length, 'migration')} applied${status.current === null ? '' : `, the newest is ${status.current}`}`,
  )
  for (const name of status.pending) line(`  ${paint.warn('pending')}  ${name}`)
  for (const { migration, label } of status.interrupted.filter((entry) => entry.status === 'intent')) {
    line(`  ${paint.bad('interrupted')}  ${migration}: ${label}`)
  }
  for (const { message, remedy } of status.discrepancies) {
    line(`  ${paint.bad('problem')}  ${message}`)
    line(`           ${remedy}`)
  }
}

function describeState(status: DatabaseStatus): string {
  if (status.state === 'applying') return 'a migration was begun and is not finished; metastore migrate goes on with it'
  if (status.atHead) return status.head === null ? 'there are no migrations' : 'up to date'
  if (status.discrepancies.length > 0) return 'files and history disagree'
  return `${count(status.pending.length, 'migration')} pending`
}
