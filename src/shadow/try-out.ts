import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Catalog } from '../catalog/catalog.ts'
import { readMigrationFiles, type MigrationDirectory } from '../migrations/migrations.ts'
import { writeGenerated } from '../migrations/new-migration.ts'
import { replay, type ReplayOptions } from './replay.ts'
import type { ReplayedFile } from './replayed-file.ts'

/** A migration that is not written yet: what it is called, its format and its text. */
export interface Candidate {
  readonly name: string
  readonly format: string
  readonly text: string
}

/** What candidates are tried behind, and where. */
export interface Trial {
  /** The directories of the migrations that there are. */
  readonly directories: readonly MigrationDirectory[]
  readonly now: Date
  readonly shadow: ReplayOptions
}

/**
 * Runs migrations that are not written yet behind those that there are, and tells what the database then is, or the first of them
 * that does not run. They are written beside the others' place, read together with them, and removed.
 */
export async function tryOut(
  { directories, now, shadow }: Trial,
  candidates: readonly Candidate[],
): Promise<{ readonly catalog: Catalog } | { readonly failed: ReplayedFile }> {
  await mkdir(shadow.directory, { recursive: true })
  const directory = await mkdtemp(path.join(shadow.directory, 'generated-'))
  try {
    const place = { path: directory, absolute: directory }
    for (const { name, format, text } of candidates) {
      const existing = await readMigrationFiles([...directories, place])
      await writeGenerated({ name, format, directory: place, existing, now }, text)
    }
    const files = await readMigrationFiles([...directories, place])
    const { files: outcomes, catalog } = await replay(files, shadow)
    const own = new Set(files.filter((file) => file.absolutePath.startsWith(directory)).map(({ name }) => name))
    const failed = outcomes.find(({ name, outcome }) => own.has(name) && outcome !== 'applied')
    return failed === undefined ? { catalog } : { failed }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
