import type { Context, DatabaseEntry } from './context.ts'
import { exitStatus, type ExitStatus } from './exit-status.ts'

/** What a command came to on one database. */
export interface DatabaseAnswer {
  /** Its part of the JSON document. */
  readonly document: Readonly<Record<string, unknown>>
  /** Whether the answer is "clean"; default true. */
  readonly clean?: boolean
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
  const entries = await context.databases()
  const documents: Record<string, unknown>[] = []
  output.document({ databases: documents })
  let clean = true
  for (const [index, entry] of entries.entries()) {
    if (entries.length > 1) output.line(`${index > 0 ? '\n' : ''}${output.paint.strong(entry.settings.name)}`)
    const document: Record<string, unknown> = { database: entry.settings.name }
    documents.push(document)
    const answer = await work(entry)
    Object.assign(document, answer.document)
    if (answer.clean === false) clean = false
  }
  return clean ? exitStatus.done : exitStatus.notClean
}
