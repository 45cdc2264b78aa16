import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { readMigrationFiles, type MigrationFile } from '../../src/migrations/migrations.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** A directory of migration files of a test's own. */
export interface MigrationDirectory {
  readonly directory: string
  /** Writes or overwrites a file. */
  write(fileName: string, text: string): void
  /** Reads the directory as the tool does. */
  read(): Promise<readonly MigrationFile[]>
}

/** Writes files, by name, into a new directory. */
export function migrationDirectory(files: Readonly<Record<string, string>>): MigrationDirectory {
  const directory = path.join(temporaryDirectory(), 'migrations')
  mkdirSync(directory)
  const write = (fileName: string, text: string) => writeFileSync(path.join(directory, fileName), text)
  Object.entries(files).forEach(([fileName, text]) => write(fileName, text))
  return { directory, write, read: () => readMigrationFiles([{ path: 'migrations', absolute: directory }]) }
}
