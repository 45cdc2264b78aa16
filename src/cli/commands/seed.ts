import { MetastoreError } from '../../errors.ts'
import type { Engine, Position } from '../../migrations/migrations.ts'
import type { Removal, SeedOptions, SeedResult } from '../../seeds/seeds.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { windowOption } from '../guard.ts'
import { argument, flag, text, type Input } from '../input.ts'
import { seedOptions, seedSelection } from '../seeding/seed-options.ts'
import { renderExpectations, renderFile, renderPlan } from '../ui/seeds.ts'
import { count } from '../ui/tables.ts'

/** Applies the seeds of a database. */
export const seedCommand = defineCommand({
  name: 'seed',
  summary: 'Write the rows that the seed files give, or show what would change',
  description:
    'Applies the files of a seed set in order, each in a transaction of its own. Everything is validated before anything is written. What was applied as it is now is left alone, and a changed row is updated. When it is interrupted, run it again: it goes on where it stopped.',
  examples: [
    ['metastore seed', 'apply the seeds of every database of metastore.toml'],
    ['metastore seed --plan', 'show row by row what would change'],
    ['metastore seed --set demo', 'apply the seed set demo'],
    ['metastore seed seeds/002_agents.json', 'apply one file alone'],
    ['metastore seed --environment dev --force', 'look at every row again, as for the environment dev'],
  ],
  scope: 'databases',
  arguments: [{ name: '[file]', description: 'one seed file; without it all of the set' }],
  options: [
    { flags: '--plan', description: 'show what would be inserted, updated and removed, and write nothing' },
    { flags: '--set <name>', description: 'a set of seed_sets in metastore.toml, instead of the directories of seeds' },
    { flags: '--environment <name>', description: 'what the database is for (default: its setting environment)' },
    { flags: '--force', description: 'look at files again that were applied as they are' },
    { flags: '--verify', description: 'look only whether what the seeds expect is so' },
    windowOption,
  ],
  json: 'databases[]: database, address, set, files[] (file, state, counts, steps[] (table, mode, inserted, updated, unchanged, removed, rows[]), statements[], durationMs; with --plan checksum), expectations[] (name, where, ok, expected, found)',
  run: (input, context) => eachDatabase(context, (entry) => seedDatabase(entry, input, context)),
})

/** Seeds one database and says so as it goes; `setup` and `reset` do the same. */
export async function seedDatabase(entry: DatabaseEntry, input: Input, context: Context): Promise<DatabaseAnswer> {
  const { output } = context
  const seeds = await import('../../seeds/seeds.ts')
  const selection = await seedSelection(entry, context, { set: text(input, 'set'), file: argument(input, 0) })
  const environment = text(input, 'environment') ?? entry.settings.environment
  const onlyPlan = flag(input, 'plan')
  const reads = onlyPlan || flag(input, 'verify')
  await using engine = await entry.engine({ command: 'seed', reads, changes: 'in the window', backfills: false })
  const asked = { ...selection, environment, force: flag(input, 'force') }
  if (flag(input, 'verify')) {
    const expectations = await seeds.verifySeeds(await seedOptions(engine, entry, context, asked))
    renderExpectations(output, expectations)
    return {
      document: { address: entry.address(), set: selection.set, expectations },
      clean: expectations.every(({ ok }) => ok),
    }
  }
  if (onlyPlan) {
    const options = await seedOptions(engine, entry, context, asked)
    const plan = await seeds.planSeeds(options)
    renderPlan(output, plan)
    // Rows are told by their keys, so it takes the checksum to see that a value has changed since.
    const checksums = new Map(options.files.map(({ path, checksum }) => [path, checksum]))
    const files = plan.files.map((file) => ({ ...file, checksum: checksums.get(file.file) }))
    return { document: { address: entry.address(), ...plan, files } }
  }
  return await applyTo(engine, entry, context, asked)
}

async function applyTo(
  engine: Engine,
  entry: DatabaseEntry,
  context: Context,
  asked: Parameters<typeof seedOptions>[3],
): Promise<DatabaseAnswer> {
  const { output } = context
  const { applySeeds, isNothingToDo } = await import('../../seeds/seeds.ts')
  const shown = {
    onFile: (file: SeedResult['files'][number]) => renderFile(output, file),
    onRemovals: consent(entry, context),
  }
  const options: SeedOptions = { ...(await seedOptions(engine, entry, context, asked)), ...shown }
  // Without a look at every row there is nothing to lock for, as long as no batch is under way.
  const alreadyDone = async ({ state }: Position) => state.phase === null && (await isNothingToDo(options))
  const unchanged = (): DatabaseAnswer => {
    output.say(`Nothing to seed in ${entry.address()}: ${count(options.files.length, 'file')} applied as they are.`)
    const files = options.files.map(({ path }) => ({ file: path, state: 'unchanged' }))
    return { document: { address: entry.address(), set: options.set, files, expectations: [] } }
  }
  if (await alreadyDone(await engine.look())) return unchanged()
  output.say(`Seeding ${entry.address()}: ${count(options.files.length, 'file')}`)
  const seed = async () => applySeeds({ ...options, position: await positionOf(engine) })
  const result = await engine.locked(seed, { alreadyDone })
  // Another runner has done it while this one waited.
  if (result === undefined) return unchanged()
  renderExpectations(output, result.expectations)
  output.say(conclusion(result))
  return { document: { address: entry.address(), ...result } }
}

async function positionOf(engine: Engine): Promise<string | null> {
  return (await engine.look()).applied.at(-1)?.name ?? null
}

function consent({ settings }: DatabaseEntry, context: Context): (removals: readonly Removal[]) => Promise<void> {
  return async (removals) => {
    const what = removals.map(({ table, rows }) => `${count(rows, 'row')} of ${table}`).join(', ')
    const guarded = settings.environment === 'production'
    if (!guarded) return
    if (await context.confirm(`${what} would be removed, because no seed lists them.`, { guarded })) return
    throw new MetastoreError({
      code: 'canceled',
      message: 'Nothing was written.',
      remedy: 'List the rows, or use the mode upsert, which removes nothing.',
    })
  }
}

function conclusion({ files }: SeedResult): string {
  const sum = (name: 'inserted' | 'updated' | 'unchanged' | 'removed') =>
    files.reduce((total, { counts }) => total + counts[name], 0)
  const changes = sum('inserted') + sum('updated') + sum('removed')
  const applied = files.filter(({ state }) => state === 'applied').length
  const stated = files.flatMap(({ statements }) => statements).reduce((total, { rows }) => total + rows, 0)
  const rows = `${sum('inserted')} inserted, ${sum('updated')} updated, ${sum('removed')} removed, ${sum('unchanged')} unchanged`
  const parts = [
    ...(changes > 0 ? [rows] : stated > 0 ? [] : ['no row changed']),
    ...(stated > 0 ? [`${count(stated, 'row')} by statements`] : []),
  ]
  return `Done: ${count(applied, 'file')} applied, ${parts.join(', ')}.`
}
