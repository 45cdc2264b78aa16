import { introspect, summarize } from '../../catalog/catalog.ts'
import { MetastoreError } from '../../errors.ts'
import { readAppliedSource, resolveName } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { uniteNames } from '../destination.ts'
import { argument, flag, type Input } from '../input.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'

/** Prints one migration, or the catalog of the database. */
export const showCommand = defineCommand({
  name: 'show',
  summary: 'Print a migration as it is in its file or as it was applied, or the catalog of the database',
  examples: [
    ['metastore show 003', 'the file of migration 003_… and where it stands'],
    ['metastore show 003 --applied > migrations/003_add_runs.sql', 'bring back the text that was applied'],
    ['metastore show catalog --json', 'everything that the database holds, as data'],
  ],
  scope: 'databases',
  arguments: [{ name: '<what>', description: 'a migration, or the word catalog' }],
  options: [{ flags: '--applied', description: 'the text as it was applied, from the history' }],
  json: 'databases[]: database, address, and of a migration: name, path, checksum, applied, source, downSource; of the catalog: catalog',

  run: (input, context) =>
    eachDatabase(context, (entry) =>
      argument(input, 0) === 'catalog' ? showCatalog(entry, context) : showMigration(entry, input, context),
    ),
})

async function showCatalog(entry: DatabaseEntry, { output }: Context): Promise<DatabaseAnswer> {
  await using engine = await entry.engine({ command: 'show', reads: true })
  const catalog = await introspect(engine.session, engine.database.dialect, {
    excludeSchemas: [entry.settings.stateSchema],
  })
  summarize(catalog).forEach((line) => output.line(line))
  return { document: { address: entry.address(), catalog } }
}

async function showMigration(entry: DatabaseEntry, input: Input, { output }: Context): Promise<DatabaseAnswer> {
  const files = await entry.files()
  await using engine = await entry.engine({ command: 'show', reads: true })
  const { applied } = await engine.look()
  const known = uniteNames(files, applied).map(({ name }) => name)
  const name = resolveName(argument(input, 0) ?? '', known)
  const stored = await readAppliedSource(engine.session, engine.bookkeeping, name)
  const file = files.find((candidate) => candidate.name === name)
  const fromHistory = flag(input, 'applied') || file === undefined
  if (fromHistory && stored === undefined) throw notApplied(name)

  const source = (fromHistory ? stored?.source : file?.source) ?? ''
  const down = fromHistory ? stored?.downSource : file?.down?.source
  const document = { name, path: file?.path ?? null, checksum: file?.checksum ?? null, applied: stored !== undefined }
  output.note(
    `${name}: ${stored === undefined ? 'pending' : 'applied'}${file === undefined ? ', its file is gone' : `, ${file.path}`}`,
  )
  output.line(source.replace(/\n$/, ''))
  if (down != null) output.line(`\n-- metastore:down\n${down.replace(/\n$/, '')}`)
  return { document: { address: entry.address(), ...document, source, downSource: down ?? null } }
}

function notApplied(name: string): MetastoreError {
  return new MetastoreError({
    code: 'migration_unknown',
    message: `Migration ${name} is not applied, so the history has no text of it.`,
    remedy: `metastore show ${name} prints its file.`,
  })
}
