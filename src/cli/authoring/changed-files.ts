import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { MetastoreError } from '../../errors.ts'
import type { MigrationFile } from '../../migrations/migrations.ts'

const run = promisify(execFile)

// What it says of a failure is shown, in the language of all else.
const env = { ...process.env, LC_ALL: 'C' }

/** The names of the migrations whose files are not as they are in a revision of git: new, changed, or not committed yet. Throws `usage`. */
export async function changedSince(revision: string, files: readonly MigrationFile[]): Promise<ReadonlySet<string>> {
  const directories = new Set(files.map(({ absolutePath }) => path.dirname(absolutePath)))
  const changed = new Set<string>()
  for (const directory of directories) {
    const commit = await commitOf(revision, directory)
    const others = await git(['ls-files', '--others', '-z', '--', '.'], directory)
    const tracked = await git(['diff', '--name-only', '--no-renames', '--relative', '-z', commit, '--', '.'], directory)
    for (const name of `${others}${tracked}`.split('\0')) changed.add(path.join(directory, name))
  }
  return new Set(files.filter(({ absolutePath }) => changed.has(absolutePath)).map(({ name }) => name))
}

// What begins with a dash is no option of git then, and each of its programs gets the same commit.
async function commitOf(revision: string, directory: string): Promise<string> {
  const found = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], directory)
  return found.trim()
}

async function git(args: readonly string[], directory: string): Promise<string> {
  try {
    const { stdout } = await run('git', ['-C', directory, ...args], { maxBuffer: 2 ** 28, env })
    return stdout
  } catch (cause) {
    throw gitFailed(cause, args[0] === 'rev-parse')
  }
}

function gitFailed(cause: unknown, isRevision: boolean): MetastoreError {
  const { code, stderr = '' } = cause as { readonly code?: unknown; readonly stderr?: string }
  // It says nothing of a revision that it does not know.
  const isUnknown = isRevision && code === 1 && stderr === ''
  const why = code === 'ENOENT' ? 'it is not installed' : (stderr.trim().split('\n')[0] ?? '')
  return new MetastoreError({
    code: 'usage',
    message: isUnknown
      ? 'There is no such revision here.'
      : `What has changed could not be asked of git: ${why.replace(/\.$/, '')}.`,
    where: '--since',
    remedy: isUnknown
      ? 'Fetch it first: what a pipeline checks out is often a single commit.'
      : 'Run it in a checkout of git, or leave --since out.',
    cause,
  })
}
