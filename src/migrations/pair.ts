import { createHash } from 'node:crypto'
import { MetastoreError } from '../errors.ts'
import type { Identity } from './formats/identity.ts'
import { earlyHeader } from './formats/read-marker.ts'
import type { FormatName, MigrationFile } from './migration.ts'
import { versionOf } from '../file-order.ts'

/** A file of a migration directory with its text. */
export interface SourceFile {
  readonly path: string
  readonly absolutePath: string
  readonly directory: string
  readonly fileName: string
  readonly format: FormatName
  /** As written in the file name, with its point. */
  readonly extension: string
  readonly source: string
  /** Its own name and checksum, where its format has them. */
  readonly identity?: Identity | undefined
}

/**
 * Makes migrations of files: `x.up.sql` and `x.down.sql` of one directory are one migration `x`, every other file is a
 * migration of its own, which may give itself another name. Says which names are taken twice, and which down files have no up file.
 */
export function pairFiles(sources: readonly SourceFile[]): { files: MigrationFile[]; problems: MetastoreError[] } {
  const named = sources.map((source) => ({ source, ...nameOf(source) }))
  const downs = new Map(
    named.filter(({ direction }) => direction === 'down').map((down) => [keyOf(down), down.source] as const),
  )
  const problems: MetastoreError[] = []
  const byName = new Map<string, MigrationFile>()
  for (const entry of named) {
    if (entry.direction === 'down') continue
    const down = entry.direction === 'up' ? downs.get(keyOf(entry)) : undefined
    if (entry.direction === 'up') downs.delete(keyOf(entry))
    const file = migrationFile(entry.name, entry.source, down)
    const earlier = byName.get(file.name)
    if (earlier === undefined) byName.set(file.name, file)
    else problems.push(duplicate(file, earlier.path))
  }
  for (const down of downs.values()) problems.push(downWithoutUp(down, nameOf(down).name))
  return { files: [...byName.values()], problems }
}

/** SHA-256 over texts with their line ends as line feeds, so that a check-out on Windows has the checksum of one on Linux. */
function checksumOf(...texts: readonly string[]): string {
  const hash = createHash('sha256')
  // A zero byte between two texts, which neither can hold, keeps `ab` + `c` apart from `a` + `bc`.
  texts.forEach((text, index) => hash.update((index > 0 ? '\0' : '') + text.replaceAll(/\r\n?/g, '\n')))
  return hash.digest('hex')
}

type Direction = 'up' | 'down' | undefined

// Some file systems store é as two characters and others as one; a name must be the same on all of them.
function nameOf({ fileName, extension, format }: SourceFile): { name: string; direction: Direction } {
  const stem = fileName.slice(0, -extension.length).normalize('NFC')
  const match = format === 'sql' ? /^(.+)\.(up|down)$/i.exec(stem) : null
  if (match === null) return { name: stem, direction: undefined }
  return { name: match[1] ?? '', direction: match[2]?.toLowerCase() === 'up' ? 'up' : 'down' }
}

function keyOf({ name, source }: { name: string; source: SourceFile }): string {
  return `${source.directory}\0${name}`
}

function migrationFile(stem: string, up: SourceFile, down: SourceFile | undefined): MigrationFile {
  const name = up.identity?.name ?? stem
  return {
    name,
    ...(name !== stem && { stem }),
    version: versionOf(stem),
    path: up.path,
    absolutePath: up.absolutePath,
    format: up.format,
    source: up.source,
    ...(up.format === 'sql' && earlyHeader(up.source)),
    down: down && { path: down.path, source: down.source },
    checksum: up.identity?.checksum ?? checksumOf(up.source, ...(down === undefined ? [] : [down.source])),
  }
}

function duplicate({ name, path }: MigrationFile, first: string): MetastoreError {
  return new MetastoreError({
    code: 'migration_duplicate',
    message: `${first} and ${path} both make a migration named ${name}.`,
    where: path,
    remedy: 'Rename the one that is not applied anywhere yet.',
  })
}

function downWithoutUp({ path, fileName }: SourceFile, name: string): MetastoreError {
  return new MetastoreError({
    code: 'migration_invalid',
    message: `${fileName} undoes a migration that has no up file.`,
    where: path,
    remedy: `Put ${name}.up.sql beside it, renaming ${name}.sql where that is the migration.`,
  })
}
