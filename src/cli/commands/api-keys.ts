import { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { ApiKey, KeyRole, Store } from '../../store/store.ts'
import { openAssistantStore } from '../serving/assistant-store.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { exitStatus } from '../exit-status.ts'
import { argument, text, type Input } from '../input.ts'
import { tenantUnknown } from '../serving/serving.ts'
import { table } from '../ui/tables.ts'

const parts = ['create', 'list', 'revoke'] as const
const roles = ['admin', 'supporter', 'user'] as const

/** Makes, shows and ends the keys with which requests are sent. */
export const apiKeysCommand = defineCommand({
  name: 'api-keys',
  summary: 'Make, list or end keys with which programs ask the server',
  description:
    'A key is for one tenant and one role, and may belong to a user. It is shown once, when it is made; what is kept is a hash of it. One that is revoked is refused by every server within ten seconds.',
  examples: [
    ['metastore api-keys create "web app" --tenant eTMS', 'a key of the role user'],
    ['metastore api-keys create ci --tenant eTMS --role admin --expires 720h', 'one that ends after 30 days'],
    ['metastore api-keys list --tenant eTMS', 'who has which, and when each was used'],
    ['metastore api-keys revoke ms_0123456789ab --tenant eTMS', 'end one, by its beginning or its id'],
  ],
  scope: 'databases',
  arguments: [
    { name: '<what>', description: 'create, list or revoke' },
    { name: '[key]', description: 'create: what it is called; revoke: the beginning of the key, or its id' },
  ],
  options: [
    { flags: '--tenant <tenant>', description: 'whose: the id, name or domain of a tenant (default: default)' },
    { flags: '--role <role>', description: 'create: user (default), supporter or admin' },
    { flags: '--user <user>', description: 'create: the id of the user whose it is (default: an application)' },
    { flags: '--expires <when>', description: 'create: when it ends, as 720h or 2027-01-31 (default: never)' },
  ],
  json: 'create: key (the only time), apiKey (id, name, prefix, role, user_id, created_at, expires_at, last_used_at, revoked_at); list: apiKeys[]; revoke: apiKey',

  async run(input, context) {
    const part = argument(input, 0) ?? ''
    if (!parts.some((name) => name === part)) throw partUnknown(part)
    const asked = part === 'create' ? newKey(input) : undefined
    const named = argument(input, 1)
    if (part === 'revoke' && named === undefined)
      throw usage('revoke has to know which key.', 'Name it by its beginning, ms_…, or by its id.')
    await using opened = await openAssistantStore(await context.oneDatabase(), 1)
    const tenant = await tenantOf(opened.store, text(input, 'tenant') ?? 'default')
    if (asked !== undefined) await create(opened.store, tenant, asked, context)
    else if (part === 'list') await list(opened.store, tenant, context)
    else await revoke(opened.store, tenant, named ?? '', context)
    return exitStatus.done
  },
})

type NewKey = ReturnType<typeof newKey>

async function create(store: Store, tenantId: string, key: NewKey, { output }: Context): Promise<void> {
  const made = await store.tenant(tenantId).apiKeys.create(key)
  output.line(made.key)
  output.note('It is not shown again. Send it as x-api-key.')
  output.document({ key: made.key, apiKey: shown(made.row) })
}

async function list(store: Store, tenantId: string, { output }: Context): Promise<void> {
  const keys = await store.tenant(tenantId).apiKeys.list()
  const date = (moment: Date | null): string => moment?.toISOString().slice(0, 16).replace('T', ' ') ?? 'never'
  const rows = keys.map((key) => [key.prefix, key.role, key.name, stateOf(key), `used ${date(key.last_used_at)}`])
  table(rows).forEach((line) => output.line(line))
  if (keys.length === 0) output.line('The tenant has no keys. Make one with metastore api-keys create.')
  output.document({ apiKeys: keys.map(shown) })
}

async function revoke(store: Store, tenantId: string, named: string, { output }: Context): Promise<void> {
  const row = await store.tenant(tenantId).apiKeys.revoke(named)
  output.line(`${row.prefix} (${row.name}) is ended.`)
  output.document({ apiKey: shown(row) })
}

function stateOf({ revoked_at, expires_at }: ApiKey): string {
  if (revoked_at !== null) return 'revoked'
  if (expires_at === null) return 'holds'
  return `${expires_at <= new Date() ? 'ended' : 'holds until'} ${expires_at.toISOString().slice(0, 10)}`
}

function shown({ tenant_id: _tenant, ...row }: ApiKey): Readonly<Record<string, unknown>> {
  return row
}

async function tenantOf(store: Store, name: string): Promise<string> {
  const tenant = await store.admin.tenants.find(name)
  if (tenant === undefined) throw tenantUnknown(name)
  return tenant.id
}

function newKey(input: Input) {
  const name = argument(input, 1)?.trim() ?? ''
  if (name === '')
    throw usage(
      'A key needs a name by which people know what it is for.',
      'Write it behind create: metastore api-keys create "web app".',
    )
  const role = text(input, 'role') ?? 'user'
  if (!isRole(role)) throw usage(`--role cannot be ${JSON.stringify(role)}.`, `Use one of ${roles.join(', ')}.`)
  const userId = text(input, 'user')
  if (userId !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(userId)) {
    throw usage('--user has to be the id of a user.', 'Give the UUID that the user has in the table users.')
  }
  return { name, role, userId, expiresAt: expiryOf(text(input, 'expires')) }
}

function isRole(given: string): given is KeyRole {
  return roles.some((role) => role === given)
}

function expiryOf(given: string | undefined): Date | undefined {
  if (given === undefined) return undefined
  const [, hours] = /^(\d{1,6})h$/.exec(given) ?? []
  const moment = hours === undefined ? new Date(given) : new Date(Date.now() + Number(hours) * 3_600_000)
  if (/^\d{4}-\d\d-\d\d/.test(given) || hours !== undefined) {
    if (!Number.isNaN(moment.getTime()) && moment > new Date()) return moment
  }
  throw usage(
    `--expires cannot be ${JSON.stringify(given)}.`,
    'Give hours, as 720h, or a date that is to come, as 2027-01-31.',
  )
}

function partUnknown(part: string): MetastoreError {
  const close = nearest(part, parts)
  return usage(
    `There is nothing called ${JSON.stringify(part)} to be done with API keys.`,
    `${close === undefined ? '' : `Did you mean ${close}? `}Use metastore api-keys create, list or revoke.`,
  )
}

function usage(message: string, remedy: string): MetastoreError {
  return new MetastoreError({ code: 'usage', message, where: 'metastore api-keys', remedy })
}
