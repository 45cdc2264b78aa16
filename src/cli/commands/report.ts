import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { flag, type Input } from '../input.ts'
import { trackingDocuments, writeText } from '../auditing/reports.ts'
import { seedingOptions } from '../seeding/seeding-options.ts'

/** Writes what is there, what is verified and what is missing, a document for each part of the database. */
export const reportCommand = defineCommand({
  name: 'report',
  summary: 'Write what is there, what is verified and what is missing: a document for each part of the database',
  description:
    'A part is what metastore.toml names as [[database.NAME.report]], with a name and tables; where it names none, what a migration provides. The documents are made of the database, its history, its seeds and an audit. They hold no time of writing: as long as nothing changes, they are the same to the byte. They are written to the directory of the setting report_directory.',
  examples: [
    ['metastore report', 'write the documents of every database'],
    ['metastore report --check', 'exit 3 when a written one is not what the database says'],
    ['metastore report --out docs/database', 'write them to another directory'],
  ],
  scope: 'databases',
  options: [
    { flags: '--out <directory>', description: 'the directory to write to, instead of the one of report_directory' },
    { flags: '--check', description: 'write nothing; exit 3 when a document is missing or stale' },
    ...seedingOptions,
  ],
  json: 'databases[]: database, address, documents[] (file, state: current, stale or missing, as it was before)',
  run: (input, context) => eachDatabase(context, (entry) => report(entry, input, context)),
})

async function report(entry: DatabaseEntry, input: Input, context: Context): Promise<DatabaseAnswer> {
  const { output } = context
  const { gatherFacts } = await import('../auditing/facts.ts')
  const documents = await trackingDocuments(await gatherFacts(entry, input, context), entry, input, context)
  const onlyCheck = flag(input, 'check')
  for (const { file, absolute, content, state } of documents) {
    if (state !== 'current' && !onlyCheck) await writeText(absolute, file, content)
    const word =
      state === 'current'
        ? output.paint.faint('unchanged')
        : onlyCheck
          ? output.paint.bad(state)
          : output.paint.good('written')
    output.line(`  ${word}  ${file}`)
  }
  if (documents.length === 0) output.line('There is nothing to write of: no table, and no report in metastore.toml.')
  return {
    document: { address: entry.address(), documents: documents.map(({ file, state }) => ({ file, state })) },
    clean: !onlyCheck || documents.every(({ state }) => state === 'current'),
  }
}
