import { MetastoreError } from '../../errors.ts'
import { newMigration, sqlMigrationText, writeGenerated } from '../../migrations/new-migration.ts'
import { defineCommand } from '../command.ts'
import { flag, list, text, type Input } from '../input.ts'
import type { Context } from '../context.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'
import { shadowDirectory } from '../shadow-directory.ts'

/** Writes the file of a new migration, numbered after those there are. */
export const newCommand = defineCommand({
  name: 'new',
  summary: 'Write the file of a new migration',
  description:
    'The file is numbered the way the others are: 004 after 003, a time stamp where time stamps are used. A new project begins with time stamps, which do not collide when two branches add a migration.',
  examples: [
    ['metastore new add runs table', 'migrations/20260101120000_add_runs_table.sql'],
    ['metastore new backfill_titles --format ts', 'a migration written in TypeScript'],
    ['metastore new add cost --action add_column --action add_index', 'one in actions, with blanks to fill in'],
    ['metastore new add cost --interactive', 'the same by questions, each answer looked at right away'],
    ['metastore new --tenant-table messages --tenant-role app', 'one that isolates the tenants of a table'],
  ],
  scope: 'project',
  arguments: [{ name: '[name...]', description: 'what it does, in a few words; asked for on a terminal' }],
  options: [
    { flags: '--format <format>', description: 'sql (default), ts, js, or toml (default with --action) or json' },
    {
      flags: '--action <type>',
      description: 'an action that it begins with, such as add_column; may be repeated',
      repeats: true,
    },
    {
      flags: '-i, --interactive',
      description:
        'ask for its actions, on a terminal; each is tried on a throw-away database before the file is written',
    },
    {
      flags: '--tenant-table <table>',
      description: 'SQL that puts row-level security for tenants on a table that the migrations make',
    },
    { flags: '--tenant-role <role>', description: 'a role of the application, which may then use it', repeats: true },
    {
      flags: '--tenant-setting <name>',
      description: 'what a session says who is asking with (default: app.tenant_id)',
    },
  ],
  json: 'created (path); with --tenant-table also remarks[]',
  async run(input, context) {
    const table = text(input, 'tenantTable')
    if (table !== undefined) return writeTenantMigration(table, input, context)
    const actions = list(input, 'action')
    if (flag(input, 'interactive')) return writeByQuestions(input, context, actions)
    const format = text(input, 'format') ?? (actions.length > 0 ? 'toml' : 'sql')
    return writeMigration(context, words(input) || (await askName(context)), format, actions)
  },
})

async function writeTenantMigration(table: string, input: Input, context: Context): Promise<ExitStatus> {
  const entry = await context.oneDatabase()
  const setting = text(input, 'tenantSetting') ?? 'app.tenant_id'
  refuseSetting(setting)
  const { directory } = await context.project()
  const { replay } = await import('../../shadow/shadow.ts')
  const { isolateTenants } = await import('../../migrations/tenant-isolation.ts')
  const existing = await entry.files()
  const { catalog } = await replay(existing, {
    directory: shadowDirectory(directory, entry.settings.name),
    stateSchema: entry.settings.stateSchema,
    signal: context.signal,
    progress: context.output.progress,
  })
  const { schema, tenantColumn: column } = entry.settings
  const roles = list(input, 'tenantRole')
  const { up, down, remarks } = isolateTenants(catalog, {
    schema,
    table,
    column: column ?? 'tenant_id',
    setting,
    roles,
  })
  const source = sqlMigrationText(
    up.map((statement) => statement.inline('postgres')),
    down.map((statement) => statement.inline('postgres')),
  )
  const created = await writeGenerated(
    {
      name: words(input) || `isolate tenants of ${table}`,
      format: 'sql',
      directory: entry.directories()[0],
      existing,
      now: new Date(),
    },
    source,
  )
  context.output.line(`Created ${created}`)
  for (const remark of remarks) context.output.line(`${context.output.paint.warn('look at')}  ${remark}`)
  context.output.document({ created, remarks })
  return exitStatus.done
}

async function writeByQuestions(input: Input, context: Context, actions: readonly string[]): Promise<ExitStatus> {
  const format = text(input, 'format') ?? 'toml'
  if (format !== 'toml' && format !== 'json') throw interactiveWithout(`--format ${format} has no actions to ask for.`)
  if (actions.length > 0) throw interactiveWithout('--interactive asks for the actions, so --action says them twice.')
  if (!context.interactive || context.output.options.json) throw unattended()
  const { interview } = await import('../authoring/interview.ts')
  const created = await interview(context, words(input) || (await askName(context)), format)
  context.output.line(`Created ${created}`)
  return exitStatus.done
}

function interactiveWithout(message: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message,
    where: 'metastore new --interactive',
    remedy: 'Leave one of the two away.',
  })
}

function unattended(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: '--interactive asks questions, and there is no terminal to ask them on.',
    where: 'metastore new',
    remedy: 'Name the actions, and fill in their blanks: metastore new add cost --action add_column.',
  })
}

// PostgreSQL takes any name with a point in it; one without is a setting of its own.
function refuseSetting(setting: string): void {
  if (/^[a-z_][\w]*(?:\.[a-z_][\w]*)+$/i.test(setting)) return
  throw new MetastoreError({
    code: 'usage',
    message: `--tenant-setting cannot be ${JSON.stringify(setting)}.`,
    where: 'metastore new',
    remedy: 'Use two names with a point between them, such as app.tenant_id.',
  })
}

async function askName({ interactive, output, askText }: Context): Promise<string> {
  if (interactive && !output.options.json) return askText('What does the migration do?')
  throw new MetastoreError({
    code: 'usage',
    message: 'new needs to know what the migration does.',
    where: 'metastore new',
    remedy: 'Say it in a few words: metastore new add runs table.',
  })
}

/** Writes the file and says where; `revision` is the same under its other name. */
export async function writeMigration(
  context: Context,
  name: string,
  format: string,
  actions: readonly string[] = [],
): Promise<ExitStatus> {
  const entry = await context.oneDatabase()
  const path = await newMigration({
    name,
    format,
    actions,
    directory: entry.directories()[0],
    existing: await entry.files(),
    now: new Date(),
  })
  context.output.line(`Created ${path}`)
  context.output.document({ created: path })
  return exitStatus.done
}

function words(input: Input): string {
  const given = input.arguments[0]
  return typeof given === 'string' ? given : (given ?? []).join(' ')
}
