import path from 'node:path'
import { introspect } from '../../catalog/catalog.ts'
import { parseDatabaseUrl, redactUrl } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { batchUnderWay, readStatus, type Engine } from '../../migrations/migrations.ts'
import {
  countRows,
  objectsToDrop,
  othersRows,
  rehearse,
  tableKey,
  truncationOf,
  type Rehearsal,
  type RowCounts,
  type Truncation,
} from '../../reset/reset.ts'
import { phaseOptions } from '../batch-options.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { flag, list, text, type Input } from '../input.ts'
import { seedOptions, seedSelection } from './seed-options.ts'
import { count } from '../ui/tables.ts'

/** What a reset takes away from a database, and why it may not. */
export interface ResetPlan {
  /** What has to be given to --confirm. */
  readonly name: string
  readonly confirmed: boolean
  /** The tables to empty; null where everything goes. */
  readonly truncation: Truncation | null
  /** What goes, for people. */
  readonly goes: readonly string[]
  /** The rows that migrations and seeds make; null where that could not be tried. */
  readonly made: RowCounts | null
  /** Rows that nothing brings back. */
  readonly lost: readonly { readonly table: string; readonly rows: number }[]
  /** Why it is refused; undefined where nothing stands against it. */
  readonly refusal: MetastoreError | undefined
}

/** Finds out what a reset would do, without changing anything. Throws what no --confirm helps against. */
export async function planReset(entry: DatabaseEntry, input: Input, context: Context): Promise<ResetPlan> {
  const name = await nameOf(entry, context)
  const confirmed = list(input, 'confirm').includes(name)
  const guarded = !confirmed && entry.settings.environment === 'production' ? productionRefused(name) : undefined
  // Not even a connection is made to what is marked as production.
  if (guarded !== undefined && !flag(input, 'dryRun')) throw guarded
  await entry.files()
  await using engine = await entry.engine({ command: 'reset', reads: true })
  const { phase, batch } = (await engine.look()).state
  const underWay = phase !== null && batch !== null && !confirmed ? batchUnderWay(phase, batch) : undefined
  if (underWay !== undefined && !flag(input, 'dryRun')) throw underWay
  const rehearsal = await rehearsed(engine, entry, input, context, confirmed)
  const { truncation, goes } = await whatGoes(engine, entry, input, rehearsal)
  const made = rehearsal?.seeded ?? null
  const lost = await rowsLost(engine, entry, { truncation, made })
  const losing = !confirmed && lost.length > 0 ? rowsRefused(name, lost) : undefined
  return { name, confirmed, truncation, goes, made, lost, refusal: guarded ?? underWay ?? losing }
}

/** The rows that are there now, and that a reset would not bring back. */
export async function rowsLost(
  engine: Engine,
  { settings }: DatabaseEntry,
  { truncation, made }: Pick<ResetPlan, 'truncation' | 'made'>,
): Promise<ResetPlan['lost']> {
  if (made === null) return []
  const tables = truncation === null ? undefined : new Set(truncation.tables.map(tableKey))
  return othersRows(await countRows(engine, settings.stateSchema), made, tables)
}

async function rehearsed(
  engine: Engine,
  entry: DatabaseEntry,
  input: Input,
  context: Context,
  confirmed: boolean,
): Promise<Rehearsal | null> {
  const { settings } = entry
  const { output, signal } = context
  const environment = text(input, 'environment') ?? settings.environment
  const selection = await seedSelection(entry, context, { set: text(input, 'set') })
  // Nobody has to be spared where it is only tried.
  const { onStep: _, backfill: __, ...phases } = phaseOptions(entry, input, context)
  try {
    return await rehearse({
      dialect: engine.database.dialect,
      files: (await entry.migrationsOn(engine)).files,
      stateSchema: settings.stateSchema,
      migrate: phases,
      seeds: await seedOptions(engine, entry, context, { ...selection, environment, force: false }),
      signal,
    })
  } catch (error) {
    if (!(error instanceof MetastoreError) || signal.aborted) throw error
    // What is wrong with the files would be wrong after the reset too, on an empty database.
    if (!confirmed || error.kind === 'input' || flag(input, 'data')) throw rehearsalFailed(error)
    output.note(`Warning: migrations and seeds could not be tried on a throw-away database: ${error.message}`)
    return null
  }
}

async function whatGoes(
  engine: Engine,
  entry: DatabaseEntry,
  input: Input,
  rehearsal: Rehearsal | null,
): Promise<Pick<ResetPlan, 'truncation' | 'goes'>> {
  const { dialect } = engine.database
  if (!flag(input, 'data') || rehearsal === null) {
    const objects = await objectsToDrop(engine.session, dialect)
    return { truncation: null, goes: objects.map(({ label }) => label) }
  }
  await refuseBehind(engine, entry)
  const catalog = await introspect(engine.session, dialect, { excludeSchemas: [entry.settings.stateSchema] })
  const truncation = truncationOf(catalog, rehearsal)
  const [migrated] = truncation.migrated
  if (migrated !== undefined) throw migratedRows(truncation.migrated)
  return { truncation, goes: truncation.tables.map(({ schema, name }) => `empty ${schema}.${name}`) }
}

async function refuseBehind(engine: Engine, entry: DatabaseEntry): Promise<void> {
  const { files } = await entry.migrationsOn(engine)
  const { pending } = await readStatus(engine, files)
  if (pending.length === 0) return
  throw new MetastoreError({
    code: 'database_behind',
    message: `${count(pending.length, 'migration')} ${pending.length === 1 ? 'is' : 'are'} pending, and the seeds are for the newest: ${pending.join(', ')}.`,
    where: entry.address(),
    remedy: 'Run metastore migrate first.',
  })
}

/** The name that a database is confirmed by: of metastore.toml or, without one, its own. */
async function nameOf({ settings }: DatabaseEntry, context: Context): Promise<string> {
  if ((await context.project()).file !== null) return settings.name
  const target = parseDatabaseUrl(settings.url, settings.urlDirectory)
  if (target.driver === 'postgres') return target.database
  const place = target.driver === 'sqlite' ? target.file : target.directory
  return place === null ? redactUrl(settings.url) : path.basename(place)
}

/** Refuses names that are of none of the selected databases: whoever gives one means another. */
export async function checkConfirmed(input: Input, context: Context): Promise<void> {
  const names = await Promise.all((await context.databases()).map((entry) => nameOf(entry, context)))
  const wrong = list(input, 'confirm').find((name) => !names.includes(name))
  if (wrong === undefined) return
  throw new MetastoreError({
    code: 'usage',
    message: `--confirm names ${JSON.stringify(wrong)}, but the reset is for ${names.map((name) => JSON.stringify(name)).join(', ')}.`,
    where: 'metastore reset',
    remedy: 'Give the name of the database that may lose everything, or choose another one with --database or --url.',
  })
}

function productionRefused(name: string): MetastoreError {
  return new MetastoreError({
    code: 'reset_guarded',
    message: `The database ${name} is marked as production, so it is not reset.`,
    where: name,
    remedy: `If it is to lose its rows, say so with --confirm ${name}.`,
  })
}

/** The error for a reset that would lose rows. */
export function rowsRefused(name: string, lost: ResetPlan['lost']): MetastoreError {
  return new MetastoreError({
    code: 'reset_loses_rows',
    message: `The database ${name} holds rows that neither a migration nor a seed has made, and nothing would bring them back.`,
    where: name,
    remedy: `Save them first; if they may be lost, say so with --confirm ${name}.`,
    details: lost.map(({ table, rows }) => `${table}: ${count(rows, 'row')}`),
  })
}

function migratedRows(tables: readonly string[]): MetastoreError {
  return new MetastoreError({
    code: 'reset_loses_rows',
    message: `${tables.join(', ')} ${tables.length === 1 ? 'holds' : 'hold'} rows of migrations beside those of seeds, and seeding would not bring them back.`,
    remedy: 'Use metastore reset without --data, which migrates again.',
  })
}

function rehearsalFailed({ code, message, where, remedy, details, cause }: MetastoreError): MetastoreError {
  const before =
    'This was found on a throw-away database, where migrations and seeds are tried before anything is taken away.'
  return new MetastoreError({ code, message, where, remedy, cause, details: [...details, before] })
}
