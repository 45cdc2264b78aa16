import { id, sql, type Dialect, type Queryable } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { Progress } from '../progress.ts'
import type { ScriptPart } from './migration.ts'

/** What a script is run with, besides what it runs on. */
interface ScriptRun {
  readonly database: { readonly dialect: Dialect }
  readonly signal: AbortSignal
  readonly progress: Progress
}

/**
 * Runs a migration written in code on a transaction, or on the session where it says `transaction = false`.
 * Throws what the database refused as it is, and anything else that the script throws as `script_failed` with its place.
 */
export async function runScript(db: Queryable, part: ScriptPart, run: ScriptRun): Promise<void> {
  const log = (message: string) => run.progress({ kind: 'notice', message })
  try {
    await part.run({ db, dialect: run.database.dialect, sql, id, signal: run.signal, log })
  } catch (error) {
    if (error instanceof MetastoreError) throw error
    if (run.signal.aborted) throw interrupted(part, error)
    throw scriptFailed(error, part)
  }
}

// A script that watches its signal may give up with whatever error it likes.
function interrupted({ path }: ScriptPart, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'canceled',
    message: `Interrupted in ${path}.`,
    where: path,
    remedy: 'Run the same command again to go on.',
    cause,
  })
}

function scriptFailed(error: unknown, { path }: ScriptPart): MetastoreError {
  const message = error instanceof Error ? error.message : String(error)
  return new MetastoreError({
    code: 'script_failed',
    message: `The migration script threw: ${message}`,
    where: placeInStack(error, path) ?? path,
    remedy: 'Mend the script and run again.',
    cause: error,
  })
}

function placeInStack(error: unknown, path: string): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const fileName = path.split('/').at(-1) ?? path
  const place = stack
    .split('\n')
    .map((line) => /([^/\\()\s]+):(\d+):(\d+)\)?$/.exec(line))
    .find((match) => match?.[1] === fileName)
  return place ? `${path}:${place[2]}:${place[3]}` : undefined
}
