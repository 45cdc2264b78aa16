import { stat } from 'node:fs/promises'
import path from 'node:path'
import { readConfigurationFile } from './configuration-file.ts'
import { readDeclarations, type Declarations, type DeclaredDatabase } from './declarations.ts'
import { configurationFileIn, projectMissing } from './find.ts'
import { namedDatabases, readFlags, targetDatabase, type Flags } from './flags.ts'
import type { Project } from './project.ts'
import { resolveDatabase, type Sources } from './resolve.ts'
import { lookUpVariable, readVariables } from './variables.ts'

/** What a project is read from. */
export interface ProjectSource {
  /** The project's directory, as `findProject` gives it. */
  readonly directory: string
  /** The configuration file; null for none, by default the metastore.toml of the directory if there is one. */
  readonly configFile?: string | null | undefined
  /** The directory that flags' paths and the paths in messages are relative to; by default the project's. */
  readonly workingDirectory?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly flags?: Flags | undefined
}

const nothing: Declarations = { databases: [], checkRules: [], fleets: [] }

/** The name of the database of a project that declares none. */
const defaultDatabase = 'default'

/**
 * Reads a project: its configuration file, its `.env`, the environment and the flags, resolved into frozen values.
 * Throws `configuration_missing`, `configuration_invalid`, `file_unreadable`, `usage`. What is wrong with the environment
 * is told when a setting is asked for that needs it.
 */
export async function readProject(source: ProjectSource): Promise<Project> {
  const directory = path.resolve(source.directory)
  const workingDirectory = path.resolve(source.workingDirectory ?? directory)
  const shown = (file: string) => path.relative(workingDirectory, file) || '.'
  if (!(await exists(directory))) throw projectMissing(shown(directory))

  const configFile = source.configFile === undefined ? await configurationFileIn(directory) : source.configFile
  const absoluteFile = configFile === null ? null : path.resolve(directory, configFile)
  const shownFile = absoluteFile === null ? null : shown(absoluteFile)
  const {
    databases: declared,
    checkRules,
    fleets,
  } = absoluteFile === null ? nothing : await readDeclared(absoluteFile, shown(absoluteFile))

  const flags = readFlags(source.flags ?? {})
  const named = namedDatabases(source.flags ?? {})
  const databases: readonly (DeclaredDatabase | string)[] = declared.length > 0 ? declared : [defaultDatabase]
  const names = databases.map((database) => (typeof database === 'string' ? database : database.name))
  const sources: Sources = {
    flags,
    variables: await readVariables(source.environment, directory, shown(path.join(directory, '.env'))),
    directory,
    workingDirectory,
    target: targetDatabase(flags, named, names),
  }
  return Object.freeze({
    directory,
    file: shownFile,
    databases: Object.freeze(databases.map((database) => resolveDatabase(database, sources))),
    named: Object.freeze(named),
    checkRules: Object.freeze(checkRules),
    fleets: Object.freeze(fleets),
    variable: (name: string) => lookUpVariable(sources.variables, name)?.value,
  })
}

async function readDeclared(file: string, shown: string): Promise<Declarations> {
  return readDeclarations(await readConfigurationFile(file, shown))
}

async function exists(directory: string): Promise<boolean> {
  try {
    return (await stat(directory)).isDirectory()
  } catch {
    return false
  }
}
