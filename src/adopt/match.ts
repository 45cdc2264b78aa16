import { MetastoreError } from '../errors.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import type { AdoptionSource, RecordedHistory, RecordedMigration } from './history.ts'
import { recordedFile } from './same-actions.ts'

/** What somebody has said about files and history that do not fit by themselves. */
export interface Agreements {
  /** Migrations whose files differ from what was recorded, and whose files count. */
  readonly changed?: readonly string[]
  /** Recorded migrations whose files are gone; `name*` are all that begin so. */
  readonly missing?: readonly string[]
  /** By the name that the tool has recorded: the file that it is. */
  readonly map?: ReadonlyMap<string, string>
  /** For a tool that keeps only where the database is: the last file that is in effect. */
  readonly through?: string | undefined
}

/** A file that counts as applied. */
export interface Match {
  readonly file: MigrationFile
  /** When it was, where that is recorded. */
  readonly appliedAt: Date | null
  /** Whether its text was compared with what was applied. */
  readonly compared: boolean
}

/** What a recorded history means for the files. */
interface Matching {
  /** In the order in which they were applied, as far as that is recorded. */
  readonly matches: readonly Match[]
  /** Recorded names that have no file, and that are not taken over. */
  readonly leftOut: readonly string[]
  /** What does not fit, as sentences. */
  readonly problems: readonly string[]
}

/** The files of a recorded history. Throws `adoption_mismatch` naming all that do not fit, and `usage`. */
export async function matchFiles(
  history: RecordedHistory,
  files: readonly MigrationFile[],
  source: AdoptionSource,
  agreements: Agreements,
): Promise<Pick<Matching, 'matches' | 'leftOut'>> {
  const { matches, leftOut, problems } = await matchingOf(history, files, source, agreements)
  if (problems.length > 0) throw mismatch(problems, source, history)
  return { matches, leftOut }
}

/** The files of a recorded history, and what does not fit. Throws `usage` for agreements about something that is not recorded. */
export async function matchingOf(
  history: RecordedHistory,
  files: readonly MigrationFile[],
  source: AdoptionSource,
  agreements: Agreements,
): Promise<Matching> {
  const { migrations } = history
  refuseUnknown(history, source, agreements)
  if (agreements.through !== undefined) {
    const place = files.findIndex(({ name }) => name === agreements.through)
    const matches = files.slice(0, place + 1).map((file) => ({ file, appliedAt: null, compared: false }))
    return { matches, leftOut: [], problems: [] }
  }
  const pairs = migrations.map((recorded) => ({ recorded, mine: filesFor(recorded, files, source, agreements) }))
  const taken = new Set(pairs.flatMap(({ mine }) => mine))
  const newest = files.findLastIndex((file) => taken.has(file))
  const problems = files
    .slice(0, migrations.some(({ reaches }) => reaches) ? 0 : Math.max(newest, 0))
    .filter((file) => !taken.has(file))
    .map(({ path }) => `${path} sorts before ${files[newest]?.name}, which is applied, and is not.`)
  const found = new Map<string, Match>()
  const leftOut: string[] = []
  for (const { recorded, mine } of pairs) {
    const [file] = mine
    if (file === undefined) {
      if (!isMissingAllowed(recorded, agreements)) problems.unshift(noFile(recorded, source))
      // Only what is known to the letter can stand in for a file that is gone.
      else if (recorded.actions === null) leftOut.push(recorded.name)
      else found.set(recorded.name, { file: recordedFile(recorded), appliedAt: recorded.appliedAt, compared: true })
    } else if (recorded.reaches) {
      for (const one of mine) {
        const appliedAt = found.get(one.name)?.appliedAt ?? (one === mine.at(-1) ? recorded.appliedAt : null)
        found.set(one.name, { file: one, appliedAt, compared: false })
      }
    } else if (mine.length > 1) {
      problems.push(`${recorded.name} could be ${mine.map(({ path }) => path).join(' or ')}.`)
    } else {
      const { problem, compared } = await compare(file, recorded, migrations, source, agreements)
      if (problem !== undefined) problems.push(problem)
      // One that several recorded ones are takes the place of the last.
      found.delete(file.name)
      found.set(file.name, { file, appliedAt: recorded.appliedAt, compared })
    }
  }
  return { matches: [...found.values()], leftOut, problems: [...new Set(problems)] }
}

async function compare(
  file: MigrationFile,
  recorded: RecordedMigration,
  all: readonly RecordedMigration[],
  source: AdoptionSource,
  { changed = [] }: Agreements,
): Promise<{ readonly problem: string | undefined; readonly compared: boolean }> {
  const left = source.left?.(file, all) ?? []
  if (left.length > 0) {
    return { problem: `${file.path} has more than is applied: ${left.join(', ')}.`, compared: false }
  }
  const same = (await source.isSame?.(file, recorded)) ?? null
  const isProblem = same === false && !changed.includes(file.name)
  const problem = isProblem ? `${file.path} does not say what was applied as ${recorded.name}.` : undefined
  return { problem, compared: same !== null }
}

function filesFor(
  recorded: RecordedMigration,
  files: readonly MigrationFile[],
  source: AdoptionSource,
  { map }: Agreements,
): readonly MigrationFile[] {
  const mapped = map?.get(recorded.name)
  if (mapped !== undefined) {
    const place = files.findIndex(({ name }) => name === mapped)
    return files.slice(recorded.reaches ? 0 : place, place + 1)
  }
  return source.filesOf?.(recorded, files) ?? files.filter(({ name }) => name === recorded.name)
}

function isMissingAllowed({ name }: RecordedMigration, { missing = [] }: Agreements): boolean {
  return missing.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name))
}

function noFile({ name, reaches }: RecordedMigration, { title }: AdoptionSource): string {
  return reaches ? `${title} is at ${name}, and no file is that.` : `${name} is applied and has no file.`
}

function refuseUnknown({ migrations }: RecordedHistory, { title }: AdoptionSource, { map, through }: Agreements): void {
  const names = migrations.map(({ name }) => name)
  const unknown = [...(map?.keys() ?? [])].find((theirs) => !names.includes(theirs))
  if (unknown !== undefined) {
    throw new MetastoreError({
      code: 'usage',
      message: `${title} has recorded no migration ${JSON.stringify(unknown)}.`,
      where: '--map',
      remedy: `It has recorded: ${names.slice(0, 20).join(', ')}.`,
    })
  }
  if (through !== undefined && !(migrations.length > 0 && migrations.every(({ reaches }) => reaches))) {
    throw new MetastoreError({
      code: 'usage',
      message: `--through is for a tool that keeps only where the database is, and ${title} keeps every migration.`,
      where: '--through',
      remedy: 'Name the file of a recorded migration with --map THEIRS=OURS.',
    })
  }
}

function mismatch(
  problems: readonly string[],
  { title }: AdoptionSource,
  { migrations }: RecordedHistory,
): MetastoreError {
  const [first = '', ...others] = problems
  return new MetastoreError({
    code: 'adoption_mismatch',
    message: `The history of ${title} and the files do not agree: ${first} Nothing was changed.`,
    remedy: remedyOf(migrations),
    details: others.map((problem) => `Also: ${problem}`),
  })
}

function remedyOf(migrations: readonly RecordedMigration[]): string {
  if (migrations.every(({ reaches }) => reaches)) {
    return 'Say which file it is: with a line "-- revision: REVISION" in it, with --map REVISION=NAME, or with --through NAME for the last one that is in effect.'
  }
  const accept = 'or accept them as they are: --allow-changed NAME, --allow-missing NAME.'
  return migrations.some(({ actions }) => actions !== null)
    ? `Restore the files as they were applied, ${accept}`
    : `Name the files with --map THEIRS=OURS, restore them as they were applied, ${accept}`
}
