import { readHistory, type HistoryEntry } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { flag } from '../input.ts'
import { eachDatabase } from '../each-database.ts'
import type { Palette } from '../ui/colour.ts'
import { duration, table } from '../ui/tables.ts'

/** Lists every migration: when it was applied, by whom, how long it took; and what is pending. */
export const historyCommand = defineCommand({
  name: 'history',
  summary: 'List the migrations: when each was applied, by whom, how long it took, and what is pending',
  examples: [
    ['metastore history', 'what is applied and what is pending'],
    ['metastore history --all --json', 'with what was rolled back, as JSON'],
  ],
  scope: 'databases',
  options: [{ flags: '--all', description: 'also list what was rolled back' }],
  json: 'databases[]: database, address, history[] (position, name, version, format, description, priority, checksum, batch, how, startedAt, appliedAt, durationMs, appliedBy, toolVersion, rolledBackAt, rolledBackBy), pending[] (names)',

  run: (input, context) =>
    eachDatabase(context, async (entry) => {
      await entry.files()
      await using engine = await entry.engine({ command: 'history', reads: true })
      const { files } = await entry.migrationsOn(engine)
      const all = await readHistory(engine.session, engine.bookkeeping)
      const history = flag(input, 'all') ? all : all.filter(({ rolledBackAt }) => rolledBackAt === null)
      const inEffect = new Set(all.filter(({ rolledBackAt }) => rolledBackAt === null).map(({ name }) => name))
      const pending = files.map(({ name }) => name).filter((name) => !inEffect.has(name))
      const { line, paint } = context.output
      table([
        ...history.map((row) => describe(row, paint)),
        ...pending.map((name) => [name, paint.warn('pending')]),
      ]).forEach((row) => line(row))
      if (history.length + pending.length === 0) line('There are no migrations.')
      return { document: { address: entry.address(), history, pending } }
    }),
})

function describe(entry: HistoryEntry, paint: Palette): string[] {
  if (entry.rolledBackAt !== null) {
    return [entry.name, paint.warn('rolled back'), moment(entry.rolledBackAt), '', entry.rolledBackBy ?? '']
  }
  const how = entry.how === 'stamped' ? 'stamped' : 'applied'
  return [entry.name, paint.good(how), moment(entry.appliedAt), duration(entry.durationMs), entry.appliedBy]
}

function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}
