import type { Context, DatabaseEntry } from './context.ts'
import { exitStatus, type ExitStatus } from './exit-status.ts'

/** What a command came to on one database. */
export interface DatabaseAnswer {
  /** Its part of the JSON document. */
  readonly document: Readonly<Record<string, unknown>>
  /** Whether the answer is "clean"; default true. */
  readonly clean?: boolean
  /** What ended the work early, where the document holds what was done before. */
  readonly failure?: Error
}

function inSpan(
  { telemetry }: Context,
  entry: DatabaseEntry,
  work: (entry: DatabaseEntry) => Promise<DatabaseAnswer>,
): Promise<DatabaseAnswer> {
  return telemetry.span('metastore.database', { 'metastore.database': entry.settings.name }, async ({ fail }) => {
    const answer = await work(entry)
    if (answer.failure !== undefined) fail(answer.failure)
    return answer
  })
}

/**
 * Runs a command on the selected databases one after the other, in the order in which they are declared, and stops at the
 * first that fails. Several databases get a heading each; the JSON document has an entry for each that was reached.
 */
export async function eachDatabase(
  context: Context,
  work: (entry: DatabaseEntry) => Promise<DatabaseAnswer>,
): Promise<ExitStatus> {
  const { output } = context
  const documents: Record<string, unknown>[] = []
  output.document({ databases: documents })
  const entries = await context.databases()
  let clean = true
  for (const entry of entries) {
    if (entries.length > 1) output.heading(output.paint.strong(entry.settings.name))
    const document: Record<string, unknown> = { database: entry.settings.name }
    documents.push(document)
    const answer = await inSpan(context, entry, work)
    Object.assign(document, answer.document)
    if (answer.failure !== undefined) throw answer.failure
    if (answer.clean === false) clean = false
  }
  return clean ? exitStatus.done : exitStatus.notClean
}
