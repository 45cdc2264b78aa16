import { MetastoreError } from '../../errors.ts'
import { readMigrationFiles } from '../../migrations/migrations.ts'
import { sqlMigrationText, writeGenerated } from '../../migrations/new-migration.ts'
import type { ActionFiles, GeneratedFile } from '../../models/generate-actions.ts'
import { generate, type Generated } from '../../models/generate.ts'
import type { ReplayOptions } from '../../shadow/shadow.ts'
import type { OptionDefinition } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { readDesired, type ReadState } from './desired-state.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'
import { flag, list, text, type Input } from '../input.ts'
import { shadowDirectory } from '../shadow-directory.ts'

/** The options of `generate`, and of `revision --autogenerate`, which is the same. */
export const generationOptions: readonly OptionDefinition[] = [
  {
    flags: '--from <file>',
    description: 'the desired state: Drizzle models or SQL (default: the setting models); may be repeated',
    repeats: true,
  },
  { flags: '--rename <old=new>', description: 'runs=jobs or runs.state=status; may be repeated', repeats: true },
  {
    flags: '--not-renamed <old=new>',
    description: 'what looks like a rename and is one thing removed and another added; may be repeated',
    repeats: true,
  },
  {
    flags: '--format <format>',
    description:
      'sql or toml (actions); default: the setting generate_format, or toml where the newest migration is in actions, else sql',
  },
  { flags: '--allow-data-loss', description: 'write what removes tables, columns or values, too' },
  { flags: '--shadow <url>', description: 'a server to compare on, in databases of their own' },
  { flags: '--dry-run', description: 'print the migration and write nothing' },
  { flags: '--check', description: 'write nothing, and exit with 3 when models and migrations differ' },
]

/** Writes the migration that leads from what the migrations make to the desired state, or says that there is none. */
export async function runGeneration(input: Input, context: Context, name: string): Promise<ExitStatus> {
  const entry = await context.oneDatabase()
  if (entry.dialect() === 'sqlite') throw notOnSqlite()
  const state = await readDesired(input, context, entry)
  const { directory } = await context.project()
  const format = await formatOf(input, entry)
  const shadow: ReplayOptions = {
    directory: shadowDirectory(directory, entry.settings.name),
    server: text(input, 'shadow'),
    stateSchema: entry.settings.stateSchema,
    signal: context.signal,
    progress: context.output.progress,
  }
  const generated = await generate({
    files: await entry.files(),
    desired: state.desired,
    renames: list(input, 'rename'),
    notRenamed: list(input, 'notRenamed'),
    isRename: (open) => isRename(open, input, context, state.desired.path),
    ownTables: entry.settings.modelsTables,
    base: entry.settings.schema,
    shadow,
  })
  if (flag(input, 'check')) return showCheck(context, state, generated)
  if (!flag(input, 'allowDataLoss')) refuseLosses(generated, state.desired.path)
  const dry = flag(input, 'dryRun')
  const rendered = await renderFiles({ entry, format, name, shadow }, generated)
  const created = dry ? [] : await write(entry, rendered.files)
  return show(context, state, generated, { rendered, created, dry })
}

type Format = 'sql' | 'toml'

// Actions where they are the project's habit.
async function formatOf(input: Input, entry: DatabaseEntry): Promise<Format> {
  const given = text(input, 'format')
  if (given === 'sql' || given === 'toml') return given
  if (given !== undefined) throw unknownFormat(given)
  const newest = (await entry.files()).at(-1)
  return entry.settings.generateFormat ?? (newest?.format === 'actions' ? 'toml' : 'sql')
}

interface Rendering {
  readonly entry: DatabaseEntry
  readonly format: Format
  readonly name: string
  readonly shadow: ReplayOptions
}

async function renderFiles({ entry, format, name, shadow }: Rendering, generated: Generated): Promise<ActionFiles> {
  const { up, down } = generated
  if (up.length === 0) return { files: [], problem: null }
  if (format === 'sql') return { files: [{ name, format, text: sqlMigrationText(up, down) }], problem: null }
  const { actionFiles } = await import('../../models/generate-actions.ts')
  const base = entry.settings.schema
  return actionFiles({ generated, base, name, directories: entry.directories(), now: new Date(), shadow })
}

async function write(entry: DatabaseEntry, files: readonly GeneratedFile[]): Promise<readonly string[]> {
  const [directory] = entry.directories()
  const paths: string[] = []
  for (const { name, format, text: content } of files) {
    const existing = await readMigrationFiles(entry.directories())
    paths.push(await writeGenerated({ name, format, directory, existing, now: new Date() }, content))
  }
  return paths
}

interface Written {
  readonly rendered: ActionFiles
  readonly created: readonly string[]
  readonly dry: boolean
}

function show({ output }: Context, state: ReadState, generated: Generated, written: Written): ExitStatus {
  const { up, down, losses, unrendered } = generated
  const { rendered, created, dry } = written
  if (up.length === 0 && unrendered.length === 0) output.line(nothing(state))
  if (dry) for (const { text: content } of rendered.files) output.line(content.trimEnd())
  for (const file of created) output.line(`Created ${file}`)
  if (rendered.problem !== null)
    output.line(`${output.paint.warn('no actions')}  ${rendered.problem} It is SQL instead.`)
  for (const sentence of unrendered) output.line(`${output.paint.warn('not written')}  ${sentence}`)
  for (const note of state.notes) output.line(`${output.paint.faint('note')}  ${note}`)
  output.document({ created: created[0] ?? null, files: created, up, down, losses, unrendered, notes: state.notes })
  return unrendered.length === 0 ? exitStatus.done : exitStatus.notClean
}

function showCheck({ output }: Context, state: ReadState, { differences }: Generated): ExitStatus {
  if (differences.length === 0) output.line(nothing(state))
  for (const difference of differences) output.line(difference)
  output.document({ created: null, files: [], differences })
  if (differences.length === 0) return exitStatus.done
  output.say(`The migrations do not make what ${state.desired.path} says; metastore generate writes what is missing.`)
  return exitStatus.notClean
}

function nothing({ desired }: ReadState): string {
  return `Nothing to generate: the migrations make what ${desired.path} says.`
}

// Nobody can tell a rename from a removal, so either somebody is asked or the answer has to be on the command line.
async function isRename(
  open: readonly [string, ...string[]],
  input: Input,
  { interactive, output, ask }: Context,
  from: string,
): Promise<boolean> {
  if (flag(input, 'check')) return false
  const [first] = open
  const [old = '', name = ''] = first.split('=')
  if (interactive && !output.options.json && !flag(input, 'yes')) {
    return ask(`Has ${old} been renamed to ${name}? (No: it is removed, and ${name} is new.)`)
  }
  throw new MetastoreError({
    code: 'rename_undecided',
    message: `${from} may have renamed something: ${open.map((each) => each.replace('=', ' to ')).join(', ')}.`,
    where: from,
    details: open.map((each) => `--rename ${each}, or --not-renamed ${each} where one goes and the other is new`),
    remedy: 'Say of each which of the two it is, with the same command.',
  })
}

function refuseLosses({ losses }: Generated, from: string): void {
  if (losses.length === 0) return
  throw new MetastoreError({
    code: 'generate_loses_data',
    message: `What ${from} says can be reached only by losing data: ${losses.join(', ')}.`,
    where: from,
    remedy: `Put it back into ${from}, or allow it with --allow-data-loss.`,
  })
}

function unknownFormat(format: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `generate writes no ${JSON.stringify(format)}.`,
    where: '--format',
    remedy: 'Use --format sql, or --format toml for actions.',
  })
}

function notOnSqlite(): MetastoreError {
  return new MetastoreError({
    code: 'not_supported',
    message: 'generate compares on PostgreSQL, and this database is SQLite.',
    where: 'metastore generate',
    remedy: 'Write the migration yourself: metastore new NAME.',
  })
}
