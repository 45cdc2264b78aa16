import { describeDifference, diffCatalogs, type Catalog, type Difference } from '../catalog/catalog.ts'
import { MetastoreError } from '../errors.ts'
import { versionSchemaName, type MigrationFile } from '../migrations/migrations.ts'
import { applyWithStubs, openStates, type ShadowDatabase } from '../shadow/shadow.ts'
import { failureOf, type TestOutcome } from './migration-test.ts'
import type { TestOptions } from './run-tests.ts'

/**
 * Applies every migration, takes it back, and applies it again: after going back the catalog must be what it was before, and
 * after coming again what it was after. One that cannot go back is skipped, with the reason.
 */
export async function roundTrips(
  files: readonly MigrationFile[],
  options: TestOptions,
  tell: (outcome: TestOutcome) => void,
): Promise<TestOutcome[]> {
  const { stateSchema } = options
  const excluded = [stateSchema, `${stateSchema}_sync`, ...files.map(({ name }) => versionSchemaName(name))]
  const outcomes: TestOutcome[] = []
  await using states = openStates(files, options)
  let database = await states.open(0)
  try {
    let sound = true
    for (const [index, file] of files.entries()) {
      // After a failure the next one begins where it would have begun.
      if (!sound) {
        await database.close()
        database = await states.open(index)
      }
      const outcome = await roundTrip(database, files.slice(0, index), file, excluded)
      sound = outcome.outcome !== 'failed'
      outcomes.push(outcome)
      tell(outcome)
      // Nothing can be said of what comes after one that cannot be applied.
      if (outcome.message?.startsWith(notApplied)) break
    }
  } finally {
    await database.close()
  }
  return outcomes
}

const notApplied = 'It cannot be applied'

async function roundTrip(
  database: ShadowDatabase,
  before: readonly MigrationFile[],
  file: MigrationFile,
  excluded: readonly string[],
): Promise<TestOutcome> {
  const begun = performance.now()
  const time = () => Math.round(performance.now() - begun)
  const about = { title: `${file.name} goes there and back`, path: file.path }
  const look = () => database.catalog(excluded)
  const start = await look()
  const stop = async (work: () => Promise<void>): Promise<MetastoreError | undefined> => {
    try {
      await work()
      return undefined
    } catch (error) {
      if (error instanceof MetastoreError && error.code !== 'canceled') return error
      throw error
    }
  }
  const fails = (message: string, where?: string) => failureOf(about, { message, where }, time())
  const up = await stop(() => applyWithStubs(database, before, file))
  if (up !== undefined) return fails(`${notApplied}: ${up.message}`, up.where)
  const end = await look()
  const down = await stop(() => database.rollback([...before, file]))
  if (down?.code === 'migration_irreversible') {
    return { ...about, outcome: 'skipped', durationMs: time(), message: down.message, where: null }
  }
  if (down !== undefined) return fails(`It cannot be taken back: ${down.message}`, down.where)
  const left = differences(start, await look(), isExtension)
  if (left.length > 0) return fails(`After it was taken back, the schema is not what it was: ${left.join(' ')}`)
  const again = await stop(() => applyWithStubs(database, before, file))
  if (again !== undefined) return fails(`It cannot be applied again: ${again.message}`, again.where)
  const other = differences(end, await look())
  if (other.length > 0) return fails(`Applied again, it makes another schema: ${other.join(' ')}`)
  return { ...about, outcome: 'passed', durationMs: time(), message: null, where: null }
}

// An extension is the whole database's: others may use it by now, and a role that made it need not be allowed to again.
function isExtension({ kind, object }: Difference): boolean {
  return kind === 'unexpected' && object.kind === 'extension'
}

function differences(
  expected: Catalog,
  actual: Catalog,
  isWelcome: (difference: Difference) => boolean = () => false,
): string[] {
  const all = diffCatalogs(expected, actual).filter((difference) => !isWelcome(difference))
  const shown = all.slice(0, 3).map(describeDifference)
  return all.length > shown.length ? [...shown, `And ${all.length - shown.length} more.`] : shown
}
