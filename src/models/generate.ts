import {
  describeDifference,
  diffCatalogs,
  type Catalog,
  type DiffOptions,
  renderDifferences,
  type RenderedStatement,
  withoutNotNullConstraints,
} from '../catalog/catalog.ts'
import { DatabaseError } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { versionSchemaName, type MigrationFile } from '../migrations/migrations.ts'
import {
  onEmptyDatabase,
  onReplayedDatabase,
  type ReplayOptions,
  type ShadowDatabase,
  withoutOwner,
} from '../shadow/shadow.ts'
import { placeIn } from '../text-position.ts'
import { parseRename, possibleRenames, renameStatements, type Rename } from './renames.ts'

/** What a migration is generated from. */
export interface GenerateInput {
  readonly files: readonly MigrationFile[]
  /** The desired state as SQL that makes it on an empty database, and its path as people see it. */
  readonly schema: { readonly path: string; readonly text: string }
  /** As `runs.state=status`. */
  readonly renames: readonly string[]
  /** The schema that names without one are in. */
  readonly base: string
  readonly shadow: ReplayOptions
}

/** What brings the migrations' state to the desired one, and back. */
export interface Generated {
  /** SQL of each direction, a statement each, without a semicolon; empty when there is nothing to do. */
  readonly up: readonly string[]
  readonly down: readonly string[]
  /** What the way there loses, as `drop column public.runs.state`. */
  readonly losses: readonly string[]
  /** What no statement does, and why, a sentence each. */
  readonly unrendered: readonly string[]
  /** What may have been renamed and is now removed and added, as `runs.state=status`. */
  readonly possibleRenames: readonly string[]
}

/**
 * Compares what the migrations make with the desired state, on throw-away databases. A rename is made only when it is told:
 * from two states nobody can tell it from a removal. Throws `usage` for a rename of nothing, and the schema's own errors.
 */
export async function generate(input: GenerateInput): Promise<Generated> {
  const { files, schema, shadow, base } = input
  const excluded = [shadow.stateSchema ?? 'metastore', ...files.map(({ name }) => versionSchemaName(name))]
  const catalogOf = async (database: ShadowDatabase) => withoutOwner(await database.catalog(excluded), database.role)
  const desired = await onEmptyDatabase(shadow, async (database) => {
    await runSchema(database, schema)
    return catalogOf(database)
  })
  return onReplayedDatabase(files, shadow, async (database) => {
    const before = await catalogOf(database)
    const renames = input.renames.map((text) => parseRename(text, before, base))
    for (const rename of renames) await database.run(`${renameStatements(rename).up.inline('postgres')};`)
    const current = renames.length === 0 ? before : await catalogOf(database)
    return compare(desired, current, renames, base)
  })
}

function compare(wanted: Catalog, made: Catalog, renames: readonly Rename[], base: string): Generated {
  // The file is to run on servers that have no names for them, too: NOT NULL is said of the column.
  const [desired, current] = [withoutNotNullConstraints(wanted), withoutNotNullConstraints(made)]
  const options: DiffOptions = { ignoreChange: (_, { property }) => property === 'owner' }
  const there = renderDifferences(diffCatalogs(desired, current, options), desired, current)
  const back = renderDifferences(diffCatalogs(current, desired, options), current, desired)
  const renamed = renames.map(renameStatements)
  return {
    up: [...renamed.map(({ up }) => up.inline('postgres')), ...there.statements.map(textOf)],
    down: [...back.statements.map(textOf), ...renamed.toReversed().map(({ down }) => down.inline('postgres'))],
    losses: there.statements.filter(({ losesData }) => losesData).map(({ label }) => label),
    unrendered: there.unrendered.map(({ difference, reason }) => `${describeDifference(difference)} ${reason}`),
    possibleRenames: possibleRenames(current, desired).map(({ table, column, to }) => {
      const name = table.schema === base ? table.name : `${table.schema}.${table.name}`
      return `${name}${column === null ? '' : `.${column}`}=${to}`
    }),
  }
}

function textOf({ sql }: RenderedStatement): string {
  return sql.inline('postgres').trim()
}

async function runSchema(database: ShadowDatabase, { path, text }: GenerateInput['schema']): Promise<void> {
  const stubs = new Set<string>()
  for (;;) {
    try {
      // As a whole, so that another attempt begins with nothing.
      await database.run(`begin;\n${text}\n;commit;`)
      return
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      await database.run('rollback')
      const role = /^role "(.+)" does not exist/.exec(error.message)?.[1]
      if (role !== undefined && !stubs.has(role) && (await database.stubRole(role))) {
        stubs.add(role)
        continue
      }
      const position = error.position === undefined ? undefined : error.position - 'begin;\n'.length
      throw new MetastoreError({
        code: 'schema_file_invalid',
        message: error.message,
        where: position === undefined || position < 0 ? path : placeIn(path, text, position),
        remedy: error.remedy,
        cause: error,
      })
    }
  }
}
