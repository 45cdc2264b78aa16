import { Client } from 'pg'
import { median } from './statistics.ts'

/** A table of messages as an assistant has it, and one of conversations that it refers to, with rows. */
export function messagesSchema(rows: number): string {
  return `
    create table conversations (id uuid primary key, title text not null);
    insert into conversations
      select md5(i::text)::uuid, 'conversation ' || i from generate_series(0, ${Math.ceil(rows / 20)}) i;
    create table messages (
      id uuid primary key default gen_random_uuid(),
      conversation_id uuid not null,
      position int not null,
      role text not null,
      content text not null,
      metadata jsonb not null default '{}',
      cost int not null default 0,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    insert into messages (id, conversation_id, position, role, content, metadata, cost)
      select md5('m' || i)::uuid, md5((i / 20)::text)::uuid, i,
        case i % 2 when 0 then 'user' else 'assistant' end, repeat(md5(i::text) || ' ', 1 + i % 12),
        jsonb_build_object('model', 'm-' || i % 3), i % 1000
      from generate_series(1, ${rows}) i;
    create index messages_conversation on messages (conversation_id, created_at);
    create index messages_created on messages (created_at);`
}

/** The milliseconds that statements took in a stretch of time. */
export interface Stretch {
  readonly name: string
  readonly statements: number
  readonly p99: number
  readonly longest: number
  readonly failures: number
}

/** How a version of the application calls what it works on. */
export interface LiveVersion {
  readonly schema: string
  readonly table: string
  /** The column that is written most. */
  readonly metadata: string
}

/** One reader and eight writers that work on messages, on prepared statements. */
export interface LiveLoad {
  /** Does something, and says what the load felt meanwhile; at least `least` milliseconds long. */
  during(name: string, least: number, work: () => Promise<void>): Promise<Stretch>
  /** Moves every connection to another version, between two of its statements. */
  moveTo(version: LiveVersion): Promise<void>
  stop(): Promise<void>
}

const writers = 8

/** The names that the first version uses, in a schema. */
export function firstVersion(schema: string): LiveVersion {
  return { schema, table: 'messages', metadata: 'metadata' }
}

/** Starts the load as a version of the application. Each writer rests a little after a statement, as an application does. */
export async function startLoad(url: string, first: LiveVersion, rows: number): Promise<LiveLoad> {
  let samples: number[] = []
  let failures = 0
  let stopped = false
  let current = first
  const workers = await Promise.all(
    Array.from({ length: writers + 1 }, async (_, number): Promise<Worker> => {
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(`set search_path to ${first.schema}`)
      return { client, number, version: first }
    }),
  )
  const run = async (worker: Worker) => {
    for (let turn = 0; !stopped; turn += 1) {
      if (worker.version !== current) {
        worker.version = current
        await worker.client.query(`set search_path to ${current.schema}`)
        await worker.client.query('deallocate all')
      }
      const begin = performance.now()
      try {
        await oneStatement(worker, turn, rows)
      } catch {
        failures += 1
      }
      samples.push(performance.now() - begin)
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
  }
  const running = workers.map(run)
  return {
    async during(name, least, work) {
      samples = []
      failures = 0
      const begin = performance.now()
      await work()
      const rest = least - (performance.now() - begin)
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
      const sorted = samples.toSorted((a, b) => a - b)
      const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0
      return { name, statements: sorted.length, p99: at(0.99), longest: at(1), failures }
    },
    async moveTo(next) {
      current = next
      while (workers.some((worker) => worker.version !== next)) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    async stop() {
      stopped = true
      await Promise.all(running)
      await Promise.all(workers.map(({ client }) => client.end()))
    },
  }
}

interface Worker {
  readonly client: Client
  readonly number: number
  version: LiveVersion
}

// The name of a prepared statement tells the schema too: a connection that moves prepares it anew.
async function oneStatement({ client, number, version }: Worker, turn: number, rows: number): Promise<void> {
  const { schema, table, metadata } = version
  const any = 1 + ((turn * 7919 + number * 104_729) % rows)
  if (number === writers) {
    const text = `select id, role, content from ${table} where conversation_id = md5(($1::int / 20)::text)::uuid order by created_at limit 20`
    await client.query({ name: `${schema}/read`, text, values: [any] })
  } else if (turn % 4 === 0) {
    const text = `insert into ${table} (conversation_id, position, role, content) values (md5(($1::int / 20)::text)::uuid, $2, 'user', 'hello')`
    await client.query({ name: `${schema}/insert`, text, values: [any, rows + turn * 16 + number] })
  } else {
    const text = `update ${table} set ${metadata} = ${metadata} || '{"seen": true}', updated_at = now() where id = md5('m' || $1::int)::uuid`
    await client.query({ name: `${schema}/update`, text, values: [any] })
  }
}

/** The middle of several rounds of one stretch. */
export function middle(rounds: readonly Stretch[]): Stretch {
  const of = (key: 'p99' | 'longest' | 'statements') => median(rounds.map((round) => round[key]))
  const failures = rounds.reduce((sum, round) => sum + round.failures, 0)
  return { name: rounds[0]?.name ?? '', statements: of('statements'), p99: of('p99'), longest: of('longest'), failures }
}
