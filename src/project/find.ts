import { stat, lstat } from 'node:fs/promises'
import path from 'node:path'
import { MetastoreError } from '../errors.ts'

const configurationFileName = 'metastore.toml'

/** Where a project is. */
export interface ProjectPlace {
  /** Absolute; relative paths in the configuration are relative to it. */
  readonly directory: string
  /** Absolute; null when there is no configuration file. */
  readonly configFile: string | null
}

/**
 * Finds the project: at `given`, a directory or a configuration file, exactly; otherwise in the nearest directory with a
 * metastore.toml, from the working directory upwards, and the working directory itself when there is none.
 * Throws `configuration_missing`.
 */
export async function findProject(workingDirectory: string, given?: string): Promise<ProjectPlace> {
  const start = path.resolve(workingDirectory)
  if (given !== undefined) return findGiven(path.resolve(start, given), given)
  for (let directory = start; ; directory = path.dirname(directory)) {
    const file = await configurationFileIn(directory)
    if (file !== null) return { directory, configFile: file }
    if (directory === path.dirname(directory)) return { directory: start, configFile: null }
  }
}

/** The configuration file of exactly this directory, or null. A broken link counts: to pass over it would hide it. */
export async function configurationFileIn(directory: string): Promise<string | null> {
  const file = path.join(directory, configurationFileName)
  try {
    await lstat(file)
    return file
  } catch {
    return null
  }
}

/** The failure for a project directory or configuration file that is not there. */
export function projectMissing(shown: string): MetastoreError {
  return new MetastoreError({
    code: 'configuration_missing',
    message: `There is no project at ${shown}: the path does not exist.`,
    where: shown,
    remedy: 'Check the path after --project: it names the directory of a project, or its configuration file.',
  })
}

async function findGiven(absolute: string, shown: string): Promise<ProjectPlace> {
  try {
    const found = await stat(absolute)
    if (found.isDirectory()) return { directory: absolute, configFile: await configurationFileIn(absolute) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Whatever else is wrong with the path is told by reading it.
    if (code === 'ENOENT' || code === 'ENOTDIR') throw projectMissing(shown)
  }
  return { directory: path.dirname(absolute), configFile: absolute }
}
