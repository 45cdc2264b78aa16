import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import type { MetastoreError } from '../../src/errors.ts'
import { readMigrationFiles, type MigrationDirectory } from '../../src/migrations/read.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** A new directory of migrations with these files, known to people by the name `shown`. */
export function directoryWith(
  files: Readonly<Record<string, string | Buffer>>,
  shown = 'migrations',
): MigrationDirectory {
  const absolute = temporaryDirectory()
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(absolute, name), content)
  return { path: shown, absolute }
}

/** The error that directories are refused with. */
export async function readingRefusal(
  ...directories: readonly MigrationDirectory[]
): Promise<ReturnType<MetastoreError['toJSON']>> {
  return readMigrationFiles(directories).then(
    () => expect.unreachable('the files were accepted'),
    (error: MetastoreError) => error.toJSON(),
  )
}
