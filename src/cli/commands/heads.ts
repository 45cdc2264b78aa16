import { defineCommand } from '../command.ts'
import { eachDatabase } from '../each-database.ts'

/** The newest migration there is a file of, as Alembic's command of that name shows it. */
export const headsCommand = defineCommand({
  name: 'heads',
  summary: 'Print the newest migration there is a file of',
  examples: [['metastore heads', 'prints its name; no database is needed']],
  scope: 'project',
  json: 'databases[]: database, heads[] (one name, or none)',
  run: (_input, context) =>
    eachDatabase(context, async (entry) => {
      const head = (await entry.files()).at(-1)?.name
      context.output.line(head === undefined ? '(no migrations)' : `${head} (head)`)
      return { document: { heads: head === undefined ? [] : [head] } }
    }),
})
