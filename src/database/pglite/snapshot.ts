import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PGlite } from '@electric-sql/pglite'

const digestLength = 32
// Raised when a snapshot is made in another way.
const format = 1

/**
 * The data directory of a new database as a tar archive, from the user's cache: making one anew takes seconds. Undefined when
 * there is none, or when its content is not what was written.
 */
export function readSnapshot(): Buffer | undefined {
  try {
    const content = readFileSync(snapshotFile())
    const archive = content.subarray(0, -digestLength)
    return digest(archive).equals(content.subarray(-digestLength)) ? archive : undefined
  } catch {
    return undefined
  }
}

/** The data directory of a new database, written to the cache where that can be done. */
export async function takeSnapshot(db: PGlite): Promise<Buffer> {
  // So that starting from it has nothing to recover.
  await db.exec('checkpoint')
  const archive = Buffer.from(await (await db.dumpDataDir('none')).arrayBuffer())
  try {
    const file = snapshotFile()
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    // By a rename, because other processes read it and any of them may be killed.
    const temporary = `${file}.${process.pid}`
    try {
      writeFileSync(temporary, Buffer.concat([archive, digest(archive)]))
      renameSync(temporary, file)
    } finally {
      rmSync(temporary, { force: true })
    }
  } catch {
    // A cache that cannot be written costs time at the next start and nothing else.
  }
  return archive
}

function snapshotFile(): string {
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache')
  return path.join(cache, 'metastore', `pglite-${pgliteVersion()}-${format}.snapshot`)
}

function pgliteVersion(): string {
  const entry = fileURLToPath(import.meta.resolve('@electric-sql/pglite'))
  const description = readFileSync(path.join(path.dirname(entry), '..', 'package.json'), 'utf8')
  return (JSON.parse(description) as { version: string }).version
}

function digest(archive: Buffer): Buffer {
  return createHash('sha256').update(archive).digest()
}
