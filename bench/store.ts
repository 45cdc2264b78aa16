import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { openDatabase } from '../src/database/database.ts'
import { openStore, type TenantStore } from '../src/store/store.ts'
import { migrateShipped } from '../test/shipped-schema/migrate.ts'
import { thisMachine } from './machine.ts'
import { publish } from './page.ts'
import { load } from './protocol-load.ts'
import { durable, startServer } from './server.ts'
import { fillMessages, threadLength } from './store-messages.ts'
import { type PageFigures, type StatementFigures, storeReport } from './store-report.ts'

// `node scripts/run.mjs bench/store.ts` compares the store with a loop written by hand over `pg`: begin, set the tenant, the
// statement, commit. Then it reads pages of messages among more and more of them.

const { values } = parseArgs({
  options: {
    /** Of each measurement. */
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    /** How many messages there are when pages are read. */
    messages: { type: 'string', multiple: true, default: ['10000', '1000000'] },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const most = 16

const columns = `thread_id, created_at, updated_at, state_updated_at, status, metadata, config, "values", interrupts, error,
  graph_id, assistant_id, user_id, ttl_minutes, ttl_strategy, expires_at`

/** The same two statements, by hand. */
function byHand(pool: pg.Pool, tenant: string, path: string) {
  const transaction = async (text: string, parameters: readonly unknown[]): Promise<void> => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await client.query(
        `select set_config('role', 'metastore_app', true), set_config('metastore.tenant', $1, true), set_config('search_path', $2, true)`,
        [tenant, path],
      )
      await client.query(text, [...parameters])
      await client.query('commit')
    } finally {
      client.release()
    }
  }
  return {
    get: (thread: string) =>
      transaction(`select ${columns} from threads where tenant_id = current_tenant() and thread_id = $1`, [thread]),
    create: () =>
      transaction(
        `insert into threads (tenant_id, thread_id, metadata, config) values (current_tenant(), $1, $2, '{}') returning ${columns}`,
        [randomUUID(), '{"user":"u1"}'],
      ),
  }
}

async function compare(store: TenantStore, hand: ReturnType<typeof byHand>): Promise<StatementFigures[]> {
  const { thread_id } = await store.threads.create({})
  const cases = [
    ['a thread is read', () => hand.get(thread_id), () => store.threads.get(thread_id)],
    ['a thread is made', () => hand.create(), () => store.threads.create({ metadata: { user: 'u1' } })],
  ] as const
  const figures: StatementFigures[] = []
  for (const connections of [1, most]) {
    for (const [name, theirs, ours] of cases) {
      const rounds: { readonly byHand: number; readonly ours: number }[] = []
      for (let round = 0; round < Number(values.rounds); round++) {
        const { rate: first } = await load(connections, seconds, async () => {
          await theirs()
        })
        const { rate: second } = await load(connections, seconds, async () => {
          await ours()
        })
        rounds.push({ byHand: first, ours: second })
      }
      figures.push({ name, connections, rounds })
    }
  }
  return figures
}

async function pages(store: TenantStore, threads: readonly string[]): Promise<Omit<PageFigures, 'messages'>> {
  const any = (count: number): string => threads[(count * 7919) % threads.length] ?? ''
  const last = await load(1, seconds, async (count) => void (await store.messages.list(any(count), { limit: 50 })))
  const middle = await load(1, seconds, async (count) => {
    await store.messages.list(any(count), { limit: 50, after: Math.floor(threadLength / 2) })
  })
  return { last: last.p50, middle: middle.p50 }
}

const server = await startServer(18, durable)
try {
  const url = await server.freshDatabase()
  await using database = await openDatabase(url)
  const version = await migrateShipped(database)
  const path = [version, 'public']
  await using store = openStore(database, { searchPath: path, connections: most })
  const tenant = await store.admin.tenants.find('default')
  if (tenant === undefined) throw new Error('The shipped schema has no default tenant.')
  const pool = new pg.Pool({ connectionString: url, max: most })
  const statements = await compare(store.tenant(tenant.id), byHand(pool, tenant.id, `"${version}", public`))
  await pool.end()
  const read: PageFigures[] = []
  const threads: string[] = []
  for (const messages of values.messages.map(Number)) {
    process.stderr.write(`${messages} messages…\n`)
    threads.push(...(await fillMessages(database, tenant.id, { from: threads.length * threadLength, to: messages })))
    read.push({ messages, ...(await pages(store.tenant(tenant.id), threads)) })
  }
  const { settings } = server
  const all = { machine: thisMachine(), postgres: { version: server.version, settings }, statements, pages: read }
  publish('store', all, storeReport(all), values)
} finally {
  await server.stop()
}
