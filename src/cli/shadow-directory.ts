import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { MetastoreError } from '../errors.ts'

const temporary = new Map<string, string>()

/**
 * Where the replays of a database's migrations are kept: in the project; or, where nothing can be written there, as in a
 * container, in a directory that is gone when the process ends. Throws `file_unwritable` where that cannot be made either.
 */
export function shadowDirectory(project: string, database: string): string {
  const own = path.join(project, '.metastore', 'shadow', database)
  if (isWritable(own)) return own
  const known = temporary.get(own)
  if (known !== undefined) return known
  const made = makeTemporary(own)
  temporary.set(own, made)
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  return made
}

/** Whether a directory that need not be there yet can be made and written, as far as its nearest ancestor tells. */
function isWritable(directory: string): boolean {
  let nearest = directory
  while (!existsSync(nearest)) nearest = path.dirname(nearest)
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK)
    return statSync(nearest).isDirectory()
  } catch {
    return false
  }
}

function makeTemporary(own: string): string {
  try {
    return mkdtempSync(path.join(tmpdir(), 'metastore-shadow-'))
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `Neither ${own} nor the directory for temporary files, ${tmpdir()}, can be written, and a replay of the migrations needs one of them.`,
      where: own,
      remedy:
        'Make one of them writable; in a container whose file system is read-only, mount an empty volume at /tmp.',
      cause,
    })
  }
}
