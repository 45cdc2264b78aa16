import { availableParallelism } from 'node:os'
import { parseDatabaseUrl } from '../../database/database.ts'
import { silent, type Progress, type ProgressEvent } from '../../progress.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { shadowDirectory } from '../shadow-directory.ts'

/** The replay of migrations that an audit needs, under way while the database is still being made. */
export interface ReplayAhead extends AsyncDisposable {
  /** Waits for its end, and tells how far it is. What is wrong with it, the audit finds as well and says. */
  done(progress: Progress): Promise<void>
}

/** Begins to replay the migrations of a database beside whatever else is done, if that can be done beside it. */
export function replayAhead(entry: DatabaseEntry, { project, signal }: Context): ReplayAhead {
  if (availableParallelism() === 1 || entry.dialect() !== 'postgres') return nothing
  const stop = new AbortController()
  let progress = silent
  let begun: ProgressEvent | undefined
  const run = async (): Promise<void> => {
    const { settings } = entry
    const files = await entry.files()
    // Which of them a server leaves out, nobody knows before it is asked. The embedded database has what this one has.
    const isEmbedded = parseDatabaseUrl(settings.url, settings.urlDirectory).driver === 'pglite'
    if (!isEmbedded && files.some(({ extensions = [] }) => extensions.length > 0)) return
    const { replay } = await import('../../shadow/shadow.ts')
    await replay(files, {
      directory: shadowDirectory((await project()).directory, settings.name),
      stateSchema: settings.stateSchema,
      signal: AbortSignal.any([signal, stop.signal]),
      progress: (event) => {
        if (event.kind === 'begin') begun = event
        if (event.kind === 'end') begun = undefined
        progress(event)
      },
    })
  }
  const running = run().catch(() => {})
  return {
    async done(told) {
      if (begun !== undefined) told(begun)
      progress = told
      await running
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

const nothing: ReplayAhead = { done: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() }
