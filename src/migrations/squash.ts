import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dialect } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { parseMigration } from './formats.ts'
import type { Migration, MigrationFile, SqlPart } from './migration.ts'
import { scanSql } from './sql/scanner.ts'

/** A squashed file as it was written. */
export interface SquashResult {
  /** As people see it. */
  readonly path: string
  readonly replaces: readonly string[]
}

/**
 * Writes one SQL file that stands for others, in their order, and says so in its header: a new database runs it instead of
 * them, and one that has them all only records it. Throws `usage` for what cannot be in one transaction, `file_exists`.
 */
export async function squash(
  files: readonly MigrationFile[],
  dialect: Dialect,
  directory: { readonly path: string; readonly absolute: string },
): Promise<SquashResult> {
  const last = files.at(-1)
  if (last === undefined || files.length < 2) throw nothingToSquash()
  const squashed = files.find(({ replaces = [] }) => replaces.length > 0)
  if (squashed !== undefined) throw squashedAlready(squashed.name)
  const migrations = await Promise.all(files.map((file) => parseMigration(file, dialect)))
  const fileName = `${/^\d+/.exec(last.name)?.[0] ?? last.name}_squashed.sql`
  const path = join(directory.path, fileName)
  try {
    await writeFile(join(directory.absolute, fileName), squashedText(migrations, dialect), { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new MetastoreError({
      code: 'file_exists',
      message: `${path} is there already.`,
      where: path,
      remedy: 'Rename it, or squash as far as another migration.',
      cause,
    })
  }
  return { path, replaces: files.map(({ name }) => name) }
}

/** The text of the file that stands for these migrations. Pure. Throws `usage`. */
function squashedText(migrations: readonly Migration[], dialect: Dialect): string {
  const names = migrations.map(({ name }) => name)
  const outside = migrations.flatMap(({ requires }) => requires).filter((required) => !names.includes(required))
  const priority = migrations.map((migration) => migration.priority).toSorted()[0] ?? 'P1'
  const settings = [
    `priority=${priority}`,
    `replaces="${names.join(',')}"`,
    ...(outside.length > 0 ? [`requires="${[...new Set(outside)].join(',')}"`] : []),
  ]
  const downs = migrations.map(({ down }) => down)
  const back = downs.every((down) => down !== undefined)
    ? ['-- metastore:down', ...migrations.toReversed().map(({ name, down }) => section(name, down, dialect))]
    : []
  return [
    `-- ${names[0]} to ${names.at(-1)} in one file.\n-- metastore: ${settings.join(' ')}`,
    ...migrations.map(({ name, up }) => section(name, up, dialect)),
    ...back,
    '',
  ].join('\n\n')
}

function section(name: string, part: Migration['up'] | undefined, dialect: Dialect): string {
  if (part?.kind !== 'sql') throw cannotSquash(name, `is written in ${part?.kind === 'actions' ? 'actions' : 'code'}`)
  if (!part.transaction) throw cannotSquash(name, 'runs outside a transaction')
  return `-- ${name}\n${terminated(withoutMarkers(part), dialect)}`
}

function withoutMarkers({ text }: SqlPart): string {
  return text
    .replaceAll(/^[ \t]*--[ \t]*(?:metastore:|migrate:|\+goose|\+migrate).*(?:\r?\n|$)/gim, '')
    .replaceAll(/^\s*\n|\s+$/g, '')
}

function terminated(text: string, dialect: Dialect): string {
  const last = scanSql(text, dialect).statements.at(-1)
  return last?.terminator === null ? `${text}\n;` : text
}

function nothingToSquash(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'There are not two migrations to squash.',
    remedy: 'Name the last one of those that are to become one file: metastore squash 003.',
  })
}

// Its history differs from database to database: some ran it, others ran what it replaces.
function squashedAlready(name: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `${name} stands for other migrations already, so it cannot become part of another file.`,
    where: name,
    remedy: 'Squash only what comes after it, with --from.',
  })
}

function cannotSquash(name: string, why: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `${name} ${why}, so it cannot become part of one file in one transaction.`,
    where: name,
    remedy: `Squash as far as the migration before ${name}, or only what comes after it with --from.`,
  })
}
