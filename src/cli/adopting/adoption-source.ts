import { detectTools, type DetectedTool } from '../../adopt/adopt.ts'
import { MetastoreError } from '../../errors.ts'
import type { Engine } from '../../migrations/migrations.ts'
import type { Context, DatabaseEntry } from '../context.ts'

/**
 * What a database is adopted from: what was said, or the tool whose table is there, if a person agrees; else its objects.
 * Throws `adoption_tool_found` where nobody can be asked.
 */
export async function chooseSource(
  given: string | undefined,
  engine: Engine,
  entry: DatabaseEntry,
  context: Context,
): Promise<string> {
  if (given !== undefined) return given
  const { applied } = await engine.look()
  const found = applied.length > 0 ? [] : await detectTools(engine, entry.settings.schema)
  const [first, another] = found
  if (first === undefined) return 'objects'
  const isAsked = context.interactive && !context.output.options.json
  if (another === undefined && isAsked) {
    const question = `${first.title} has been at work here (${first.table}). Take its history over?`
    if (await context.confirm(question)) return first.tool
  }
  throw toolFound(entry.address(), found)
}

function toolFound(address: string, found: readonly DetectedTool[]): MetastoreError {
  const tools = found.map(({ title, table }) => `${title} (${table})`).join(' and ')
  const commands = found.map(({ tool }) => `metastore adopt --from ${tool}`).join(' or ')
  return new MetastoreError({
    code: 'adoption_tool_found',
    message: `${tools} ${found.length === 1 ? 'has' : 'have'} been at work in ${address}. Nothing was changed.`,
    where: address,
    remedy: `Take the history over with ${commands}, or go by what is there with metastore adopt --from objects.`,
  })
}
