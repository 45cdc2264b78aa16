import { defineCommand } from '../command.ts'
import { exitStatus } from '../exit-status.ts'

/** The newest migration there is a file of, as Alembic's command of that name shows it. */
export const headsCommand = defineCommand({
  name: 'heads',
  summary: 'Print the newest migration there is a file of',
  examples: [['metastore heads', 'prints its name; no database is needed']],
  scope: 'project',
  json: 'databases[]: database, heads[] (one name, or none)',
  async run(_input, context) {
    const documents: Record<string, unknown>[] = []
    for (const entry of await context.databases()) {
      const head = (await entry.files()).at(-1)?.name
      context.output.line(head === undefined ? '(no migrations)' : `${head} (head)`)
      documents.push({ database: entry.settings.name, heads: head === undefined ? [] : [head] })
    }
    context.output.document({ databases: documents })
    return exitStatus.done
  },
})
