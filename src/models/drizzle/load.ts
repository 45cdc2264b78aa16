import type { is, SQL, sql } from 'drizzle-orm'
import type * as pgCore from 'drizzle-orm/pg-core'
import { MetastoreError } from '../../errors.ts'
import { loadScript, type Exports, type ScriptFile } from '../../migrations/load-script.ts'

/** The parts of drizzle-orm that models are read with, from the installation that the models themselves use. */
export interface Drizzle {
  readonly pg: typeof pgCore
  readonly is: typeof is
  readonly SQL: typeof SQL
  readonly sql: typeof sql
}

/** What files of models export. */
export interface LoadedModels {
  readonly drizzle: Drizzle
  readonly exports: readonly unknown[]
}

/** The oldest drizzle-orm whose models can be read: row security and identity columns are there from it on. */
const oldest = [0, 36] as const

/**
 * Loads files of Drizzle models, with the drizzle-orm that they find. Throws `models_invalid` for what does not compile or
 * load, `drizzle_missing` where drizzle-orm is not installed or too old.
 */
export async function loadModels(files: readonly [ScriptFile, ...ScriptFile[]]): Promise<LoadedModels> {
  const modules = []
  for (const file of files) modules.push(await loadModule(file))
  const [first] = modules
  if (first === undefined) throw new RangeError('There is no file of models.')
  return {
    drizzle: first.drizzle,
    exports: [...new Set(modules.flatMap(({ exports }) => Object.values(exports)))],
  }
}

// Appended, so that no line of the file changes its number; bound to names of our own, since the file may use any other.
const appended = `
export * as metastore__pg from 'drizzle-orm/pg-core'
export * as metastore__orm from 'drizzle-orm'
export * as metastore__version from 'drizzle-orm/version'
`

async function loadModule(file: ScriptFile): Promise<{ readonly drizzle: Drizzle; readonly exports: Exports }> {
  const failure = { code: 'models_invalid', subject: 'The file of models' } as const
  const module = await loadScript({ ...file, source: file.source + appended }, failure).catch(
    async (error: unknown) => {
      if (error instanceof MetastoreError && mentionsDrizzle(error)) throw drizzleMissing(file, error)
      // A file that breaks off goes on into what is appended; by itself it is refused for what it is.
      if (error instanceof MetastoreError && error.message.includes('does not compile')) await loadScript(file, failure)
      throw error
    },
  )
  const { metastore__pg: pg, metastore__orm: orm, metastore__version: version, ...exports } = module
  const { npmVersion } = version as { readonly npmVersion: string }
  if (isTooOld(npmVersion)) throw drizzleTooOld(file, npmVersion)
  const root = orm as Omit<Drizzle, 'pg'>
  return { drizzle: { pg: pg as Drizzle['pg'], is: root.is, SQL: root.SQL, sql: root.sql }, exports }
}

/** Whether models of this version of drizzle-orm cannot be read. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1])
}

function mentionsDrizzle({ message, details }: MetastoreError): boolean {
  return /Could not resolve "drizzle-orm["/]/.test([message, ...details].join('\n'))
}

function drizzleMissing({ path }: ScriptFile, cause: MetastoreError): MetastoreError {
  return new MetastoreError({
    code: 'drizzle_missing',
    message: 'The models need drizzle-orm, and it is not installed where they are.',
    where: path,
    remedy: 'Install it in your project: npm install drizzle-orm.',
    cause,
  })
}

function drizzleTooOld({ path }: ScriptFile, version: string): MetastoreError {
  return new MetastoreError({
    code: 'drizzle_missing',
    message: `The models use drizzle-orm ${version}, and models can be read from ${oldest.join('.')} on.`,
    where: path,
    remedy: 'Bring it up to date: npm install drizzle-orm@latest.',
  })
}
