import { MetastoreError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import { nearest } from '../../nearest.ts'
import { actionDeclarations, actionsText, interviewAction, type Answers } from '../../migrations/action-interview.ts'
import { writeGenerated } from '../../migrations/new-migration.ts'
import { replay, tryOut } from '../../shadow/shadow.ts'
import type { Context } from '../context.ts'
import { knownNames } from './known-names.ts'
import { shadowDirectory } from '../shadow-directory.ts'

/**
 * Asks for the actions of a new migration, one after another, and writes its file when there are no more. Each is tried behind the
 * migrations that there are, on a throw-away database; no other is asked. Returns the path of the file.
 * Throws `usage` where there is nobody to ask, or nothing to write, and `canceled`; nothing is written then.
 */
export async function interview(context: Context, name: string, format: 'toml' | 'json'): Promise<string> {
  const entry = await context.oneDatabase()
  if (entry.dialect() === 'sqlite') throw notOnSqlite()
  const { directory } = await context.project()
  const { stateSchema, schema } = entry.settings
  const { signal, output } = context
  const shadow = {
    directory: shadowDirectory(directory, entry.settings.name),
    stateSchema,
    signal,
    progress: output.progress,
  }
  const directories = entry.directories()
  const existing = await entry.files()
  const now = new Date()
  const actions: Answers[] = []
  let { catalog } = await replay(existing, shadow)
  for (const [index, { type, summary }] of actionDeclarations.entries())
    output.line(`${String(index + 1).padStart(2)}  ${type.padEnd(18)}  ${summary}`)
  for (
    let type = await askType(context, true);
    type !== undefined;
    type = await askType(context, actions.length === 0)
  ) {
    const known = knownNames(catalog, schema)
    const action = await interviewAction(type, { ask: context.askText, tell: output.line, known })
    const text = actionsText(name, format, [...actions, action])
    const tried = await tryOut({ directories, now, shadow }, [{ name, format, text }])
    if ('catalog' in tried) catalog = tried.catalog
    else if (!(await isKept(context, tried.failed.problem))) continue
    actions.push(action)
  }
  if (actions.length === 0) throw nothingToWrite()
  return writeGenerated({ name, format, directory: directories[0], existing, now }, actionsText(name, format, actions))
}

// Undefined when there is no more to say.
async function askType({ askText, output }: Context, isFirst: boolean): Promise<string | undefined> {
  const question = isFirst
    ? 'Which action? (its number or name)'
    : 'Another action? (its number or name; Enter for none)'
  const types = actionDeclarations.map(({ type }) => type)
  for (;;) {
    const answer = await askText(question)
    if (answer === '') return undefined
    const found = /^\d+$/.test(answer) ? types[Number(answer) - 1] : types.find((type) => type === answer)
    if (found !== undefined) return found
    const close = nearest(answer, types)
    output.line(`There is no action ${answer}.${close === undefined ? '' : ` Did you mean ${close}?`}`)
  }
}

async function isKept({ askText, output }: Context, problem: Finding | null): Promise<boolean> {
  output.line(problem?.message ?? 'It cannot be tried here.')
  if (problem?.remedy !== undefined) output.line(`  next: ${problem.remedy}`)
  return /^y(?:es)?$/i.test(await askText('Keep this action all the same? [y/N]'))
}

function nothingToWrite(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'No action was named, so that there is nothing to write.',
    where: 'metastore new --interactive',
    remedy: 'Name one by its number, or write SQL: metastore new add runs table.',
  })
}

function notOnSqlite(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'Migrations in actions are for PostgreSQL, and this is a SQLite database.',
    where: 'metastore new --interactive',
    remedy: 'Write it in SQL: metastore new add runs table.',
  })
}
