import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { readText } from '../../read-text.ts'
import type { DesiredState } from '../../models/desired.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { list, type Input } from '../input.ts'

/** What the database should be, by `--from` or the setting `models`. */
export interface ReadState {
  readonly desired: DesiredState
  /** What models name and no migration makes. */
  readonly notes: readonly string[]
}

interface Source {
  readonly path: string
  readonly absolute: string
}

/**
 * Reads the desired state: one file of SQL, or files of Drizzle models. Throws `usage` where nobody says which, and
 * what reading them throws.
 */
export async function readDesired(input: Input, context: Context, entry: DatabaseEntry): Promise<ReadState> {
  const from = list(input, 'from').map((file) => ({
    path: file,
    absolute: path.resolve(context.workingDirectory, file),
  }))
  const sources = (from.length > 0 ? from : entry.settings.models).flatMap(filesOf)
  const [first, ...others] = sources
  if (first === undefined) throw noSource()
  const named = sources.map((source) => source.path).join(', ')
  if (sources.every(isSql)) {
    if (others.length > 0) throw severalKinds(named)
    return { desired: { kind: 'sql', path: first.path, text: readText(first.absolute, first.path) }, notes: [] }
  }
  if (!sources.every(isScript)) throw severalKinds(named)
  const read = ({ path: shown, absolute }: Source) => ({
    path: shown,
    absolutePath: absolute,
    source: readText(absolute, shown),
  })
  const { readModels } = await import('../../models/drizzle-models.ts')
  const { schema: base, modelsCasing: casing } = entry.settings
  const { statements, existingViews, notes } = await readModels([read(first), ...others.map(read)], { base, casing })
  if (statements.every(({ about }) => about.startsWith('schema '))) throw noModels(named)
  return { desired: { kind: 'models', path: named, statements, existingViews }, notes }
}

// A directory stands for the files of models in it.
function filesOf(source: Source): Source[] {
  if (!existsSync(source.absolute)) throw missing(source.path)
  if (!statSync(source.absolute).isDirectory()) return [source]
  return readdirSync(source.absolute)
    .filter((name) => isScript({ path: name }) && !/\.(?:test|spec|d)\.[cm]?[jt]s$/.test(name))
    .toSorted()
    .map((name) => ({ path: path.join(source.path, name), absolute: path.join(source.absolute, name) }))
}

function isSql({ path: file }: { readonly path: string }): boolean {
  return /\.sql$/i.test(file)
}

function isScript({ path: file }: { readonly path: string }): boolean {
  return /\.[cm]?[jt]s$/i.test(file)
}

function noSource(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'generate needs to know the desired state.',
    where: 'metastore generate',
    remedy:
      'Name files of Drizzle models or a file of SQL: models = ["src/models.ts"] in metastore.toml, or --from schema.sql.',
  })
}

function missing(shown: string): MetastoreError {
  return new MetastoreError({
    code: 'file_unreadable',
    message: `${shown} cannot be read: it does not exist.`,
    where: shown,
    remedy: 'Check the path: of --from it is relative to where you are, of the setting models to metastore.toml.',
  })
}

function severalKinds(named: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `The desired state is either one file of SQL or files of models in TypeScript or JavaScript, not ${named}.`,
    where: named,
    remedy: 'Name files that end in .ts, .mts, .js or .mjs, or one that ends in .sql.',
  })
}

function noModels(named: string): MetastoreError {
  return new MetastoreError({
    code: 'models_invalid',
    message: `${named} exports no table and nothing else of a Drizzle model for PostgreSQL.`,
    where: named,
    remedy: "Export what pgTable(…) of 'drizzle-orm/pg-core' makes.",
  })
}
