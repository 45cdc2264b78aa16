import { defineCommand } from '../command.ts'
import { eachDatabase } from '../each-database.ts'

/** The migration that a database is at, as Alembic's command of that name shows it. */
export const currentCommand = defineCommand({
  name: 'current',
  summary: 'Print the migration that the database is at',
  examples: [['metastore current', 'prints the name, with (head) when nothing is pending']],
  scope: 'databases',
  json: 'databases[]: database, address, current (name or null), head (whether nothing is pending)',
  run: (_input, context) =>
    eachDatabase(context, async (entry) => {
      await entry.files()
      await using engine = await entry.engine({ command: 'current', reads: true })
      const { files } = await entry.migrationsOn(engine)
      const { applied } = await engine.look()
      const names = new Set(applied.map(({ name }) => name))
      const current = applied.at(-1)?.name ?? null
      const head = files.every(({ name }) => names.has(name))
      context.output.line(current === null ? '(base)' : `${current}${head ? ' (head)' : ''}`)
      return { document: { address: entry.address(), current, head } }
    }),
})
