import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandLine } from '../cli/command-line.ts'
import { campaign } from '../harness/campaign.ts'
import { startProgram } from '../harness/child.ts'
import { freshPostgresUrl } from '../harness/engines.ts'

// A seed is killed while it writes the files of a set, one kind of file after the other (every second one unless in a campaign), and runs again to the same end.

const many = Array.from({ length: 1_500 }, (_, id) => `${id},row ${id}`).join('\n')
const files = {
  'migrations/001_tables.sql': ['listed', 'bulk', 'coded', 'said']
    .map((name) => `create table ${name} (id integer primary key, body text);`)
    .join('\n'),
  'seeds/1.yaml': 'table: listed\nrows:\n  - { id: 1, body: one }\n  - { id: 2, body: two }\n',
  'seeds/2.csv': `# table: bulk\nid,body\n${many}\n`,
  'seeds/3.ts':
    "export default async ({ db, sql }) => { await db.query(sql`insert into coded values (1, 'x') on conflict do nothing`) }\n",
  'seeds/4.sql': "insert into said values (1, 'x');\ninsert into said values (2, 'y');\n",
}
const tables = ['listed', 'bulk', 'coded', 'said']

let holder: Client
let url: string
beforeAll(async () => {
  url = await freshPostgresUrl(18)
  holder = new Client(url)
  await holder.connect()
})
afterAll(() => holder.end())

async function counts(): Promise<number[]> {
  const found: number[] = []
  for (const table of tables) {
    const { rows } = await holder.query<{ count: string }>(`select count(*) from ${table}`)
    found.push(Number(rows[0]?.count))
  }
  return found
}

/** Resolves with the session that waits for the lock which the test holds. */
async function waiter(): Promise<number> {
  for (;;) {
    const { rows } = await holder.query<{ pid: number }>(
      "select pid from pg_locks where locktype = 'advisory' and classid = 77 and not granted and database = (select oid from pg_database where datname = current_database())",
    )
    if (rows[0] !== undefined) return rows[0].pid
    await new Promise(setImmediate)
  }
}

test('a seed that is killed during any file leaves nothing of it, and the next run ends the same', async () => {
  const line = commandLine(files)
  const environment = { DATABASE_URL: url }
  expect(await line.run('migrate', { environment })).toMatchObject({ status: 0 })
  await holder.query(
    "create function hold() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(77, 1); return new; end'",
  )
  await holder.query('select pg_advisory_lock(77, 1)')
  const whole = [2, 1_500, 1, 2]
  for (const [index, table] of [...tables.entries()].filter(([index]) => campaign || index % 2 === 1)) {
    await holder.query(`create trigger hold before insert on ${table} for each row execute function hold()`)
    const child = startProgram('src/cli/main.ts', ['seed'], { cwd: line.directory, env: environment })
    const pid = await waiter()
    child.process.kill('SIGKILL')
    expect((await child.ended).signal).toBe('SIGKILL')
    // The server notices that its client is gone only when it has something to say to it.
    await holder.query('select pg_terminate_backend($1, 10000)', [pid])
    expect(await counts()).toEqual(whole.map((rows, position) => (position < index ? rows : 0)))
    await holder.query(`drop trigger hold on ${table}`)
  }
  const outcomes = await Promise.all([line.run('seed', { environment }), line.run('seed', { environment })])
  expect(outcomes.map(({ status }) => status)).toEqual([0, 0])
  expect(await counts()).toEqual(whole)
})
