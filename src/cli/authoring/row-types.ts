import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { introspect, type Catalog } from '../../catalog/catalog.ts'
import { MetastoreError } from '../../errors.ts'
import { versionSchemaName } from '../../migrations/migrations.ts'
import { replayedCatalog } from '../../models/replayed-catalog.ts'
import { rowTypes } from '../../models/row-types.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'
import { flag, text, type Input } from '../input.ts'
import { shadowDirectory } from '../shadow-directory.ts'

/** Writes TypeScript types of the rows of what the migrations make, or of the database that `--url` names. */
export async function generateTypes(input: Input, context: Context): Promise<ExitStatus> {
  const dates = text(input, 'dates') ?? 'date'
  if (dates !== 'date' && dates !== 'text') throw unknownDates(dates)
  if (flag(input, 'check') && text(input, 'out') === undefined) throw nothingToCheck()
  const entry = await context.oneDatabase()
  const { schema: base, stateSchema } = entry.settings
  const catalog = await catalogOf(input, context, entry)
  const versions = (await entry.files()).map(({ name }) => versionSchemaName(name))
  const types = rowTypes(catalog, { base, dates, without: [stateSchema, `${stateSchema}_sync`, ...versions] })
  return deliver(types, input, context)
}

async function catalogOf(input: Input, context: Context, entry: DatabaseEntry): Promise<Catalog> {
  if (entry.settings.origins.url.from === 'flag' || entry.dialect() === 'sqlite') {
    await using engine = await entry.engine({ command: 'generate', reads: true })
    return await introspect(engine.session, entry.dialect(), { excludeSchemas: [entry.settings.stateSchema] })
  }
  const { directory } = await context.project()
  return replayedCatalog(await entry.files(), {
    directory: shadowDirectory(directory, entry.settings.name),
    server: text(input, 'shadow'),
    stateSchema: entry.settings.stateSchema,
    signal: context.signal,
    progress: context.output.progress,
  })
}

async function deliver(types: string, input: Input, { output, workingDirectory }: Context): Promise<ExitStatus> {
  const out = text(input, 'out')
  if (flag(input, 'check') && out !== undefined) {
    const same = (await readFile(path.resolve(workingDirectory, out), 'utf8').catch(() => '')) === types
    output.line(
      same
        ? `${out} is up to date.`
        : `${out} is not what the migrations make: run metastore generate types --out ${out}.`,
    )
    output.document({ out, upToDate: same })
    return same ? exitStatus.done : exitStatus.notClean
  }
  if (out === undefined) {
    output.line(types.trimEnd())
    output.document({ types })
    return exitStatus.done
  }
  try {
    await writeFile(path.resolve(workingDirectory, out), types)
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `${out} cannot be written: ${(cause as Error).message}`,
      where: out,
      remedy: 'Check that its directory exists and may be written to.',
      cause,
    })
  }
  output.line(`Written to ${out}.`)
  output.document({ out })
  return exitStatus.done
}

function unknownDates(dates: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `--dates cannot be ${JSON.stringify(dates)}.`,
    where: '--dates',
    remedy: 'Use --dates date for Date objects, or --dates text for strings.',
  })
}

function nothingToCheck(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'generate types --check needs to know the file that is compared.',
    where: '--check',
    remedy: 'Name it: metastore generate types --check --out src/rows.ts.',
  })
}
