import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { compareNames } from '../../file-order.ts'
import { nearest } from '../../nearest.ts'
import { readText } from '../../read-text.ts'

/** A directory that seeds are read from. */
export interface SeedDirectory {
  /** As people see it. */
  readonly path: string
  readonly absolute: string
  /** Nobody named it, so it may be missing: then there are no seeds. */
  readonly optional?: boolean
}

/** What kind of file a seed is. */
export type SeedFormat = 'sql' | 'data' | 'csv' | 'script'

/** One seed file, read and hashed but not understood. */
export interface SeedFile {
  /** As people see it, such as `seeds/001_users.yaml`; what the history knows it by. */
  readonly path: string
  readonly absolutePath: string
  readonly format: SeedFormat
  /** With its point, in lower case. */
  readonly extension: string
  /** SHA-256 over its text. */
  readonly checksum: string
  readonly source: string
}

const formats: Readonly<Record<string, SeedFormat>> = {
  '.sql': 'sql',
  '.json': 'data',
  '.yaml': 'data',
  '.yml': 'data',
  '.toml': 'data',
  '.csv': 'csv',
  '.ts': 'script',
  '.mts': 'script',
  '.js': 'script',
  '.mjs': 'script',
}

const ignored = /^\.|~$|\.md$|\.d\.m?ts$|\.(?:test|spec)\.m?[jt]s$|\.m?js\.map$/i

/**
 * The seed files of some directories, in the order in which they are applied: directory by directory, in each by name as
 * migrations are. Sub-directories, dot-files and `*.md` are no seeds.
 * Throws `directory_missing`, `file_unknown_format`, `file_unreadable`.
 */
export function readSeedFiles(directories: readonly SeedDirectory[]): SeedFile[] {
  const distinct = [...new Map(directories.map((directory) => [directory.absolute, directory])).values()]
  return distinct.flatMap((directory) =>
    listDirectory(directory).map((name) =>
      readSeedFile(join(directory.absolute, name), `${directory.path.replace(/[/\\]+$/, '')}/${name}`),
    ),
  )
}

/** One seed file by its path. Throws `file_unknown_format`, `file_unreadable`. */
export function readSeedFile(absolutePath: string, path: string): SeedFile {
  const extension = extname(basename(path)).toLowerCase()
  const format = formats[extension]
  if (format === undefined) throw unknownFormat(path, extension)
  const source = readText(absolutePath, path)
  return { path, absolutePath, format, extension, source, checksum: createHash('sha256').update(source).digest('hex') }
}

function listDirectory({ path, absolute, optional }: SeedDirectory): string[] {
  try {
    return readdirSync(absolute, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !ignored.test(entry.name))
      .map(({ name }) => name)
      .sort(compareNames)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (optional && code === 'ENOENT') return []
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new MetastoreError({
      code: 'directory_missing',
      message: `The directory of seeds ${path} ${reason}.`,
      where: path,
      remedy: 'Create it, or correct the path where metastore.toml names it.',
    })
  }
}

function unknownFormat(path: string, extension: string): MetastoreError {
  const known = Object.keys(formats)
  const close = extension === '' ? undefined : nearest(extension, known)
  const list = `${known.slice(0, -1).join(', ')} or ${known.at(-1) ?? ''}`
  const advice = `Seeds end in ${list}. Data that a seed refers to goes into a sub-directory.`
  return new MetastoreError({
    code: 'file_unknown_format',
    message:
      extension === ''
        ? 'A file without an extension cannot be a seed.'
        : `A file that ends in ${extension} cannot be a seed.`,
    where: path,
    remedy: close === undefined ? advice : `Did you mean ${close}? ${advice}`,
  })
}
