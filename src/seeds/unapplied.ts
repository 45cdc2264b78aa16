import { DatabaseError } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { readSeedHistory, seedHistory, type AppliedSeed } from './history.ts'
import { areFilesUnchanged } from './inputs.ts'
import { isFor, loadSeed } from './load-seed.ts'
import { collectProblems } from './problem.ts'
import type { SeedFile } from './format/seed-file.ts'
import type { SeedOptions } from './seed-options.ts'

/** A file of which the database may lack rows. */
export interface UnappliedSeed {
  readonly file: string
  /** `missing`: it was never applied. `changed`: it, or a file that it reads, is not what was applied. */
  readonly state: 'missing' | 'changed'
}

type Wanted = Pick<SeedOptions, 'database' | 'session' | 'stateSchema' | 'set' | 'files' | 'environment' | 'readers'>

/**
 * Compares the files of a set with the history alone; no row is looked at. Files of other environments are left out, and of a set
 * that was never begun nothing is missed.
 */
export async function unappliedSeeds(options: Wanted): Promise<readonly UnappliedSeed[]> {
  const history = await readSeedHistory(options.session, seedHistory(options.database, options.stateSchema))
  const ofSet = new Map(history.filter(({ set }) => set === options.set).map((one) => [one.file, one]))
  if (ofSet.size === 0) return []
  const unapplied: UnappliedSeed[] = []
  for (const file of options.files) {
    const applied = ofSet.get(file.path)
    if (applied === undefined) {
      if (await isWanted(file, options)) unapplied.push({ file: file.path, state: 'missing' })
    } else if (!(await isAsApplied(file, applied))) unapplied.push({ file: file.path, state: 'changed' })
  }
  return unapplied
}

async function isAsApplied(file: SeedFile, { checksum, inputs }: AppliedSeed): Promise<boolean> {
  return checksum === file.checksum && areFilesUnchanged(file, inputs)
}

// A file that cannot be read says nothing of environments; what is wrong with it is told by whoever applies it.
async function isWanted(file: SeedFile, { database, environment, readers }: Wanted): Promise<boolean> {
  try {
    return isFor(await loadSeed(file, { problems: collectProblems(), dialect: database.dialect, readers }), environment)
  } catch (error) {
    if (error instanceof MetastoreError && !(error instanceof DatabaseError)) return true
    throw error
  }
}
