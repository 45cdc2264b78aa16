import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Contender } from './contender.ts'
import type { SqlFile } from './migration-set.ts'

/** A directory of files, and the program that is run in it. */
export interface Project {
  readonly directory: string
  readonly command: readonly [string, ...string[]]
  readonly environment: Readonly<Record<string, string>>
}

/** What a project is made from. */
export interface ProjectOptions {
  readonly contender: Contender
  readonly migrations: readonly SqlFile[]
  /** A directory that does not exist yet. */
  readonly directory: string
  readonly url: string
  /** Where metastore is installed. */
  readonly metastore: string
}

/** Writes a contender's files, as its users would have them, with its packages beside them. */
export function createProject({ contender, migrations, directory, url, metastore }: ProjectOptions): Project {
  for (const [name, text] of Object.entries(contender.files(migrations))) {
    const file = path.join(directory, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const packages = { bench: path.join(bench, 'node_modules'), checkout: path.join(bench, '..', 'node_modules') }
  if (contender.packages !== 'none') {
    symlinkSync(packages[contender.packages], path.join(directory, 'node_modules'), 'junction')
  }
  const [program, ...programArguments] = contender.command
  return {
    directory,
    command: [program, ...programArguments.map((argument) => argument.replace('$METASTORE', metastore))],
    environment: plainEnvironment(url),
  }
}

const bench = path.dirname(fileURLToPath(import.meta.url))

/** An environment without the settings of whoever runs the benchmark. */
export function plainEnvironment(url: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', DATABASE_URL: url }
}
