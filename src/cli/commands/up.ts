import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { packageDirectory } from '../../package-directory.ts'
import { findProject } from '../../project/find.ts'
import { lookUpVariable, readVariables } from '../../project/variables.ts'
import type { Store, Tenant } from '../../store/store.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { createContext } from '../create-context.ts'
import { exitStatus } from '../exit-status.ts'
import { windowOption } from '../guard.ts'
import { firstCalls } from '../serving/first-calls.ts'
import { flag, text, type Input } from '../input.ts'
import { addressOf, serveDatabase, servingOptions, type Started } from '../serving/serving.ts'
import { seedingOptions } from '../seeding/seeding-options.ts'
import type { Output } from '../output.ts'
import { count } from '../ui/tables.ts'
import { setUpDatabase } from './setup.ts'

/** What the key is called that `up` makes. */
const keyName = 'metastore up'

/** Where the database is unless somebody says otherwise. */
const embedded = 'pglite:.metastore/assistant'

/** A whole assistant's backend with one command: database, schema, demo, audit, server. */
export const upCommand = defineCommand({
  name: 'up',
  summary: 'Make a database for assistants, fill it with a demo, and serve it',
  description:
    'Needs nothing but Node: in a directory without a metastore.toml it makes an embedded PostgreSQL in .metastore/assistant with the schema that comes with metastore, the tenants of the demo, and a key to try things with, which is shown once. Run it again, and everything is there as it was; what is newer in this version of metastore is applied. With --url it does the same on a PostgreSQL server; in a project it sets up and serves that.',
  examples: [
    ['metastore up', 'everything, in .metastore of this directory, on http://127.0.0.1:2024'],
    ['metastore up --new-key', 'make another key, because the first one is lost'],
    ['metastore up --url postgres://localhost/assistant --bootstrap', 'on a server, where the database is made'],
  ],
  scope: 'databases',
  options: [
    { flags: '--new-key', description: 'make a new key to try things with; those that there are go on' },
    { flags: '--no-audit', description: 'do not audit before serving' },
    ...seedingOptions,
    windowOption,
    ...servingOptions,
  ],
  json: 'as soon as it answers: address, url, setup (as of metastore setup), key (the new one, or null), tenant, version, authentication',

  async run(input, outer) {
    const { input: chosen, context } = await withProject(input, outer)
    const { output } = context
    const entry = await context.oneDatabase()
    // What is wrong with the command line is told before anything is written.
    addressOf(entry, chosen)
    output.say(`Setting up ${entry.address()}`)
    const serving = await onFreePort(entry, chosen, output)
    const calm = contextOf(chosen, calmOutput(context), context)
    const { document, failure } = await setUpDatabase(await calm.oneDatabase(), chosen, calm)
    output.document({ address: entry.address(), setup: document })
    summary(document, context.output.options.verbose).forEach((line) => output.say(line))
    if (failure !== undefined) throw failure
    await serveDatabase(entry, serving, context, {
      quietly: true,
      onStarted: (started) => tell(started, entry, chosen, context),
    })
    output.say('Stopped. metastore up goes on where it was.')
    return exitStatus.done
  },
})

/** The project of this directory, or, where there is none, the schema that comes with metastore. */
async function withProject(input: Input, context: Context): Promise<{ input: Input; context: Context }> {
  const { workingDirectory } = context
  const { directory, configFile } = await findProject(workingDirectory, text(input, 'project'))
  if (configFile !== null) return { input, context }
  const variables = await readVariables(context.environment, directory, '.env')
  const environment = { ...variables.file, ...context.environment }
  const given = ['DATABASE_URL', 'DB_URL'].map((name) => lookUpVariable(variables, name)?.value)
  const url = text(input, 'url') ?? given.find((value) => value !== undefined && value !== '') ?? embedded
  const options = { ...input.options, project: schemaDirectory(), url }
  const own = { ...input, options }
  return { input: own, context: contextOf(own, context.output, { ...context, environment }) }
}

// Whoever has named a port wants that one, and is told before anything is done; else the next one will do.
async function onFreePort(entry: DatabaseEntry, input: Input, output: Output): Promise<Input> {
  const { host, port } = addressOf(entry, input)
  const isFixed = text(input, 'port') !== undefined || entry.settings.origins.serverPort.from !== 'default'
  const { freePort } = await import('../../server/server.ts')
  const free = await freePort(host, port, isFixed)
  if (free === port) return input
  output.say(`Another program listens on ${host}:${port}: it will be port ${free}`)
  return { ...input, options: { ...input.options, port: String(free) } }
}

// What a project keeps beside its files, such as replays of its migrations, is kept in the working directory: the package may
// be where nobody may write.
function contextOf(input: Input, output: Output, around: Context): Context {
  const made = createContext(input, output, around)
  if (text(input, 'project') !== schemaDirectory()) return made
  return { ...made, project: async () => ({ ...(await made.project()), directory: around.workingDirectory }) }
}

function schemaDirectory(): string {
  return path.join(packageDirectory(), 'schema')
}

/** What is told step by step elsewhere is told in a few lines here, and in full with --verbose. */
function calmOutput({ output, interactive }: Context): Output {
  if (output.options.verbose) return output
  const nothing = (): void => {}
  const progress = interactive ? output.progress : nothing
  return { ...output, line: nothing, say: nothing, note: nothing, heading: nothing, report: nothing, progress }
}

function summary({ migrate, seed, verify }: Readonly<Record<string, unknown>>, isToldAlready: boolean): string[] {
  if (isToldAlready) return []
  const migrated = migrate as { applied?: readonly unknown[] } | undefined
  const seeded = seed as { files?: readonly { state: string }[] } | undefined
  const verified = verify as { expectations?: readonly unknown[]; findings?: readonly unknown[] | null } | undefined
  const applied = seeded?.files?.filter(({ state }) => state === 'applied').length ?? 0
  const findings = verified?.findings?.length
  return [
    ...(migrated === undefined ? [] : [`  schema   ${count(migrated.applied?.length ?? 0, 'migration')} applied`]),
    ...(seeded === undefined ? [] : [`  demo     ${count(applied, 'file')} of rows applied`]),
    ...(verified === undefined ? [] : [`  checked  ${count(verified.expectations?.length ?? 0, 'expectation')} met`]),
    ...(findings === undefined
      ? []
      : [`  audited  ${count(findings, 'finding')}${findings > 0 ? ': metastore up --verbose shows them' : ''}`]),
  ]
}

async function tell({ url, store, version, open }: Started, entry: DatabaseEntry, input: Input, context: Context) {
  const { output } = context
  const tenant = await demoTenant(store)
  const key = open ? null : await keyFor(store, tenant, flag(input, 'newKey'))
  const { paint } = output
  output.line('')
  output.line(`${paint.strong('Serving')} ${entry.address()} on ${paint.strong(url)}`)
  output.line(`  docs     ${url}/docs`)
  output.line(`  tenant   ${tenant.name} (${tenant.id})`)
  if (open) output.line('  key      none is needed: everybody on this machine is an administrator')
  else if (key !== null) output.line(`  key      ${key}   (it is not shown again)`)
  else output.line('  key      the one that was shown before; metastore up --new-key makes another')
  output.line('')
  output.line('Try:')
  for (const line of firstCalls(url, open ? undefined : (key ?? 'YOUR_KEY')))
    output.line(line === '' ? '' : `  ${line}`)
  output.line('')
  output.line('Ctrl-C stops it; nothing is lost.')
  output.document({ url, key, tenant: tenant.id, version, authentication: open ? 'none' : 'keys' })
  output.finish('up', true)
}

async function demoTenant(store: Store): Promise<Tenant> {
  const found = (await store.admin.tenants.find('eTMS')) ?? (await store.admin.tenants.find('default'))
  if (found !== undefined) return found
  throw new MetastoreError({
    code: 'not_found',
    message: 'The database has neither the tenant of the demo nor the tenant "default".',
    remedy: 'Use metastore serve, and make a key with metastore api-keys create --tenant NAME.',
  })
}

async function keyFor(store: Store, tenant: Tenant, wanted: boolean): Promise<string | null> {
  const { apiKeys } = store.tenant(tenant.id)
  const there = (await apiKeys.list()).some(({ name, revoked_at }) => name === keyName && revoked_at === null)
  if (there && !wanted) return null
  return (await apiKeys.create({ name: keyName, role: 'admin' })).key
}
