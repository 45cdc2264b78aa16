import type { MigrationFile } from '../../src/migrations/migrations.ts'
import { migrationDirectory, type MigrationDirectory } from '../harness/migration-files.ts'
import { asOld, baseFile, rows, type CrashCase } from './crash-cases.ts'
import { crashSite, preparedSite, type CrashSite, type Phase } from './crash-site.ts'

/** One way to be cut off: in a phase, after which an application writes and somebody runs a phase. */
export interface Ordeal {
  readonly title: string
  readonly dies: Phase
  readonly next: Phase
}

/** All ways: the same again, and what has begun taken back. */
export const ordeals: readonly Ordeal[] = [
  { title: 'start, then start', dies: 'start', next: 'start' },
  { title: 'start, then abort', dies: 'start', next: 'abort' },
  { title: 'complete, then complete', dies: 'complete', next: 'complete' },
  { title: 'abort, then abort', dies: 'abort', next: 'abort' },
]

/** An ordeal of a batch, made ready. */
export interface ReadyOrdeal {
  readonly directory: MigrationDirectory
  readonly files: readonly MigrationFile[]
  /** The database that each attempt begins with, to be copied. */
  readonly from: string
  /** What an application writes when somebody was cut off; it is to pass. */
  readonly write: (site: CrashSite) => Promise<void>
  /** What there is in the end where nobody was cut off. */
  readonly expected: object
}

const oldSchema = 'migration_1_base'

/** Makes an ordeal ready. */
export async function readyOrdeal(one: CrashCase, ordeal: Ordeal): Promise<ReadyOrdeal> {
  const directory = migrationDirectory({ '1_base.json': baseFile, ...one.files })
  const files = await directory.read()
  const from = ordeal.dies === 'start' ? await before() : await inProgress(files, one)
  const write = writeOf(ordeal.dies, one)
  return { directory, files, from, write, expected: await undisturbed(files, from, ordeal, write) }
}

// The old version writes at any moment until the completion begins, the new one at any from the end of the start on.
function writeOf(dies: Phase, { asNew }: CrashCase): ReadyOrdeal['write'] {
  if (dies === 'complete') return (site) => site.write(newSchemaOf(site.files), asNew(202))
  return (site) => site.write(oldSchema, asOld(201))
}

function newSchemaOf(files: readonly MigrationFile[]): string {
  return `migration_${files.at(-1)?.name}`
}

let untouched: Promise<string> | undefined

// The database before the batch: the same for all.
function before(): Promise<string> {
  untouched ??= (async () => {
    const files = await migrationDirectory({ '1_base.json': baseFile }).read()
    return preparedSite(files, undefined, async (site) => {
      await site.run('start')
      await site.run('complete')
      await site.write('public', rows)
    })
  })()
  return untouched
}

// The batch in progress, and both versions have written.
async function inProgress(files: readonly MigrationFile[], { asNew }: CrashCase): Promise<string> {
  return preparedSite(files, await before(), async (site) => {
    await site.run('start')
    await site.write(oldSchema, asOld(101))
    await site.write(newSchemaOf(files), asNew(102))
  })
}

// With the same writes, at a moment when nobody works on the batch.
async function undisturbed(
  files: readonly MigrationFile[],
  from: string,
  { dies, next }: Ordeal,
  write: ReadyOrdeal['write'],
): Promise<object> {
  await using site = await crashSite(files, from)
  const takenBack = dies === 'start' && next === 'abort'
  if (dies === 'start' && !takenBack) await site.run(dies)
  await write(site)
  if (dies !== 'start') await site.run(dies)
  return await site.look()
}
