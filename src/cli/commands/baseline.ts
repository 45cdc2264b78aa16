import { baseline } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { destination } from '../destination.ts'
import { eachDatabase } from '../each-database.ts'
import { argument } from '../input.ts'

/** Makes an existing database a managed one. */
export const baselineCommand = defineCommand({
  name: 'baseline',
  summary: 'Make a database that has tables and no history a managed one, without running anything',
  description:
    'Records migrations as applied that describe what the database has already, and makes the version schema of the newest one, so that the application can move to it before the first metastore start. A project whose files hold no actions gets no version schema. With base nothing is recorded: every file is still to be run. Nothing proves that the tables are what the files say.',
  examples: [
    ['metastore baseline', 'every file there is describes what the database has'],
    ['metastore baseline 004', 'the database is exactly at 004_…, what comes after it is pending'],
    ['metastore baseline base', 'no file has been run yet on the tables that are there'],
  ],
  scope: 'databases',
  arguments: [{ name: '[destination]', description: 'head (the default), a migration, or base' }],
  json: 'databases[]: database, address, recorded[] (names), current (name or null), schema (or null)',

  run: (input, context) =>
    eachDatabase(context, async (entry) => {
      const files = await entry.files()
      const given = argument(input, 0)
      await using engine = await entry.engine({ command: 'baseline' })
      const result = await baseline(engine, files, {
        exposeViews: entry.settings.exposeViews,
        ...(given !== undefined && { to: destination(given, files) }),
        base: entry.settings.schema,
      })
      const { say, paint } = context.output
      for (const name of result.recorded) say(`  ${paint.good('recorded')}  ${name}`)
      say(
        `${entry.address()} is managed: ${result.current === null ? 'no migration is applied yet' : `it is at ${result.current}`}.`,
      )
      if (result.schema !== null) say(`The application can use the schema ${result.schema}.`)
      return { document: { address: entry.address(), ...result } }
    }),
})
