import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { extensionOf, formatOf, formats } from './formats.ts'
import type { Identify } from './formats/identity.ts'
import type { FormatName, MigrationFile, UnknownKeys } from './migration.ts'
import { compareNames, orderName } from '../file-order.ts'
import { pairFiles, type SourceFile } from './pair.ts'
import { combineProblems } from './problems.ts'
import { readText } from '../read-text.ts'

/** A directory that migrations are read from. */
export interface MigrationDirectory {
  /** As people see it, such as `migrations`. */
  readonly path: string
  readonly absolute: string
  /** Nobody named it, so it may be missing: then there are no migrations. */
  readonly optional?: boolean
}

/** How migrations are read. */
export interface ReadOptions {
  /** What a key is that no action has: an error, unless said. */
  readonly unknownKeys?: UnknownKeys | undefined
}

/** What a look at directories found: the migrations in the order they apply, and everything that is wrong. */
export interface FoundMigrations {
  readonly files: readonly MigrationFile[]
  readonly problems: readonly MetastoreError[]
}

/**
 * The migrations of some directories, read and hashed but not understood, in the order they are applied. Sub-directories,
 * dot-files, `*.md`, declarations (`*.d.ts`), source maps and tests of scripts (`*.test.ts`, `*.spec.ts`) are no migrations.
 * Throws `directory_missing`, `file_unknown_format`, `file_unreadable`, `migration_duplicate`, `migration_invalid`: the first
 * problem, with all others in its details.
 */
export async function readMigrationFiles(
  directories: readonly MigrationDirectory[],
  options: ReadOptions = {},
): Promise<MigrationFile[]> {
  const { files, problems } = await findMigrationFiles(directories, options)
  const problem = combineProblems(problems)
  if (problem !== undefined) throw problem
  return [...files]
}

/** As `readMigrationFiles`, with everything that is wrong as a list instead of an error. */
export async function findMigrationFiles(
  directories: readonly MigrationDirectory[],
  { unknownKeys }: ReadOptions = {},
): Promise<FoundMigrations> {
  // Read synchronously: small local files take longer on their way through the thread pool than to be read.
  const distinct = [...new Map(directories.map((directory) => [directory.absolute, directory])).values()]
  const listings = distinct.map(listDirectory)
  const sources = listings.flatMap(({ files }) => files).map(readSource)
  const readable = sources.filter((source): source is SourceFile => !(source instanceof MetastoreError))
  const paired = pairFiles(await identified(readable))
  const unreadable = sources.filter((source): source is MetastoreError => source instanceof MetastoreError)
  const problems = [...listings.flatMap((listing) => listing.problems), ...unreadable, ...paired.problems]
  const sorted = paired.files.toSorted((a, b) => compareNames(orderName(a), orderName(b)))
  return { files: sorted.map((file) => (file.format === 'actions' ? { ...file, unknownKeys } : file)), problems }
}

// Most formats have nothing to identify, so that a run over them loads nothing.
async function identified(sources: readonly SourceFile[]): Promise<SourceFile[]> {
  const loaded = new Map<FormatName, Identify>()
  for (const { name, loadIdentify } of formats) {
    if (loadIdentify && sources.some(({ format }) => format === name)) loaded.set(name, await loadIdentify())
  }
  return Promise.all(
    sources.map(async (source) => ({
      ...source,
      identity: await loaded.get(source.format)?.(source.source, source.extension),
    })),
  )
}

type ListedFile = Omit<SourceFile, 'source'>

interface Listing {
  readonly files: readonly ListedFile[]
  readonly problems: readonly MetastoreError[]
}

function listDirectory({ path, absolute, optional }: MigrationDirectory): Listing {
  const files: ListedFile[] = []
  const problems: MetastoreError[] = []
  try {
    const entries = readdirSync(absolute, { withFileTypes: true })
    for (const entry of entries.toSorted((a, b) => compareNames(a.name, b.name))) {
      if (entry.isDirectory() || isIgnored(entry.name)) continue
      const shown = `${path.replace(/[/\\]+$/, '')}/${entry.name}`
      const file = { path: shown, absolutePath: join(absolute, entry.name), directory: absolute, fileName: entry.name }
      if (entry.isSymbolicLink() && isDirectory(file.absolutePath)) continue
      const known = formatOf(entry.name)
      if (known === undefined) problems.push(unknownFormat(file))
      else files.push({ ...file, format: known.format.name, extension: known.extension })
    }
  } catch (error) {
    const code = codeOf(error)
    if (!(optional && code === 'ENOENT')) problems.push(directoryProblem(path, code))
  }
  return { files, problems }
}

const ignored = /^\.|~$|\.md$|\.d\.m?ts$|\.(?:test|spec)\.m?[jt]s$|\.m?js\.map$/i

function isIgnored(fileName: string): boolean {
  return ignored.test(fileName)
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // A link that leads nowhere: reading it tells so.
    return false
  }
}

function readSource(file: ListedFile): SourceFile | MetastoreError {
  try {
    return { ...file, source: readText(file.absolutePath, file.path) }
  } catch (error) {
    if (error instanceof MetastoreError) return error
    throw error
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}

function directoryProblem(path: string, code: string): MetastoreError {
  const reasons: Record<string, string> = { ENOENT: 'does not exist', ENOTDIR: 'is not a directory' }
  return new MetastoreError({
    code: 'directory_missing',
    message: `The directory of migrations ${path} ${reasons[code] ?? `cannot be read (${code})`}.`,
    where: path,
    remedy: 'Create it, or correct the path where it is named (metastore.toml, --dirs).',
  })
}

function unknownFormat({ path, fileName }: { path: string; fileName: string }): MetastoreError {
  const extension = extensionOf(fileName)
  const known = formats.flatMap(({ extensions }) => extensions)
  const close = extension === '' ? undefined : nearest(extension, known)
  const list = `${known.slice(0, -1).join(', ')} or ${known.at(-1)}`
  return new MetastoreError({
    code: 'file_unknown_format',
    message:
      extension === ''
        ? 'A file without an extension cannot be a migration.'
        : `A file that ends in ${extension} cannot be a migration.`,
    where: path,
    remedy:
      close === undefined
        ? `Migrations end in ${list}. Move any other file elsewhere, or put a point before its name to have it ignored.`
        : `Did you mean ${close}? Rename it, or put a point before its name to have it ignored.`,
  })
}
