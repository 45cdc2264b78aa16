import { expect, onTestFinished } from 'vitest'
import { campaign } from '../harness/campaign.ts'
import { actions, scenario, world, type World } from '../scenarios/world.ts'
import { openMeter, type Meter } from './meter.ts'
import { startWriter, type Dialect, type Run, type Writer } from './writer.ts'

const writersOfEach = 8
const projects = 20
const sharedRows = 20
const size = campaign ? { rows: 300_000, statements: 60_000 } : { rows: 10_000, statements: 3000 }

const schema = `
  create table projects (id bigint primary key);
  create table runs (
    id serial primary key,
    owner int not null,
    slot int not null,
    agent text not null,
    cost numeric(8,2) not null,
    label text not null,
    project_id bigint,
    hits int not null default 0,
    state text default 'queued');
  create table notes (id bigint generated always as identity primary key, run_id int not null references runs on delete cascade, body text);
  create index notes_run on notes (run_id);
  create index runs_cost on runs (cost);
  create index runs_label on runs (label)`
const rows = `
  insert into projects select n from generate_series(1, ${projects}) n;
  insert into runs (owner, slot, agent, cost, label, project_id)
  select 0, n, 'vendor' || n % 7 || '/a' || n, (n % 10000) / 100.0, 'label ' || n, 1 + n % ${projects}
  from generate_series(1, ${size.rows}) n;
  insert into notes (run_id, body) select id, 'a note' from runs where id % 3 = 0`

const first: Dialect = {
  insert: `insert into runs (owner, slot, agent, cost, label, project_id)
    values ($1, $2, $3, $4::int / 100.0, $5, $6) returning id::text`,
  price: 'update runs set cost = $2::int / 100.0 where id = $1',
  own: 'update runs set label = $2 where id = $1',
  agent: 'update runs set agent = $2 where id = $1',
  hit: 'update runs set hits = hits + 1 where id = $1',
  read: 'select *, id::text from runs where id = $1',
  remove: 'delete from runs where id = $1',
  note: 'insert into notes (run_id, body) values ($1, $2)',
  row: ({ cents, own, project }) => ({ cost: (cents / 100).toFixed(2), label: own, project_id: String(project) }),
}
const second: Dialect = {
  ...first,
  insert: `insert into runs (owner, slot, agent, cents, vendor, project_id)
    values ($1, $2, $3, $4, $5, $6) returning id::text`,
  price: 'update runs set cents = $2 where id = $1',
  own: 'update runs set vendor = $2 where id = $1',
  row: ({ cents, own, project }) => ({ cents, vendor: own, project_id: String(project) }),
}
const toSecond = {
  '2_runs.json': actions(
    {
      type: 'alter_column',
      table: 'runs',
      column: 'cost',
      changes: { name: 'cents', type: 'INTEGER' },
      up: '(cost * 100)::int',
      down: 'cost / 100.0',
    },
    { type: 'alter_column', table: 'runs', column: 'hits', changes: { type: 'BIGINT' } },
    {
      type: 'add_column',
      table: 'runs',
      column: { name: 'vendor', type: 'TEXT', nullable: false },
      up: "split_part(agent, '/', 1)",
    },
    { type: 'remove_column', table: 'runs', column: 'label', down: "'none'" },
    { type: 'add_index', table: 'runs', index: { name: 'runs_state', columns: ['state', 'id'] } },
    { type: 'add_index', table: 'runs', index: { name: 'runs_slot', columns: ['owner', 'slot'], unique: true } },
    {
      type: 'add_foreign_key',
      table: 'runs',
      foreign_key: { columns: ['project_id'], referenced_table: 'projects', referenced_columns: ['id'] },
    },
  ),
}
const toThird = actions(
  { type: 'alter_column', table: 'runs', column: 'id', changes: { type: 'BIGINT' } },
  { type: 'alter_column', table: 'notes', column: 'run_id', changes: { type: 'BIGINT' } },
  {
    type: 'alter_column',
    table: 'runs',
    column: 'state',
    changes: { nullable: false },
    up: "coalesce(state, 'queued')",
  },
)

interface Load {
  readonly it: World
  readonly meter: Meter
  readonly all: Writer[]
  start(schema: string, dialect: Dialect): Promise<Writer[]>
  shared: readonly string[]
}

async function load(it: World): Promise<Load> {
  const meter = openMeter()
  const all: Writer[] = []
  onTestFinished(async () => void (await Promise.allSettled(all.map((writer) => writer.stop()))))
  const shared = (await it.base(`select id::text from runs order by id limit ${sharedRows}`)).map(({ id }) =>
    String(id),
  )
  const start = async (path: string, dialect: Dialect) => {
    const started = await Promise.all(
      Array.from({ length: writersOfEach }, (_, index) => {
        const owner = all.length + index + 1
        return startWriter({
          url: it.url,
          schema: path,
          owner,
          dialect,
          meter,
          shared,
          projects,
          random: randomFrom(owner),
        })
      }),
    )
    all.push(...started)
    return started
  }
  return { it, meter, all, start, shared }
}

async function stop(writers: readonly Writer[]): Promise<void> {
  await Promise.all(writers.map((writer) => writer.stop()))
}

// Numbers from a seed, always the same ones (mulberry32).
function randomFrom(seed: number): () => number {
  let state = seed * 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Fails unless the rows of writers are as they left them, in the words of a version. */
async function expectKept(
  { it }: Load,
  writers: readonly Writer[],
  path: string,
  row: (run: Run, writer: Writer) => object,
): Promise<void> {
  for (const writer of writers) {
    const found = await it.base(`
      select runs.*, (select count(*) from "${path}".notes where run_id = runs.id) as notes
      from "${path}".runs where owner = ${writer.owner} order by runs.id`)
    const expected = [...writer.rows.values()].toSorted((a, b) => Number(a.id) - Number(b.id))
    expect(found.map(({ id }) => Number(id))).toEqual(expected.map(({ id }) => Number(id)))
    for (const [index, run] of expected.entries()) {
      const { id, slot, agent, notes } = run
      expect(asText(found[index] ?? {})).toMatchObject(asText({ id, slot, agent, notes, ...row(run, writer) }))
    }
  }
}

function asText(row: object): Record<string, string> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]))
}

/** Fails unless each time that a writer counted up a shared row is there. */
async function expectCounted({ it, all, shared }: Load, path: string): Promise<void> {
  const [counted] = await it.base(
    `select sum(hits)::int as hits from "${path}".runs where id in (${shared.join(', ')})`,
  )
  expect(counted).toEqual({ hits: all.reduce((sum, writer) => sum + writer.hits(), 0) })
}

/** Fails where what both versions show of a row does not belong together, seen at one moment. */
async function expectInStep(it: World, [old, next]: readonly [string, string], apart: string): Promise<void> {
  const seen = await it.base(`
    select old_row, new_row from "${old}".runs as old_row full join "${next}".runs as new_row using (id)
    where old_row.id is null or new_row.id is null or ${apart} limit 3`)
  expect(seen).toEqual([])
}

function report(title: string, { meter }: Load): void {
  process.stderr.write(`${meter.lines(`load, ${title}`).join('\n')}\n`)
}

/** What the second version adds to a row of the first, and the other way round. */
const apart = `(
  new_row.cents is distinct from (old_row.cost * 100)::int
  or new_row.hits is distinct from old_row.hits
  or new_row.agent is distinct from old_row.agent
  or old_row.owner <= ${writersOfEach} and new_row.vendor is distinct from split_part(old_row.agent, '/', 1)
  or old_row.owner > ${writersOfEach} and old_row.label is distinct from 'none')`
const isOld = ({ owner }: Writer) => owner <= writersOfEach
const asFirst = (run: Run, writer: Writer) => ({ ...first.row(run), label: isOld(writer) ? run.own : 'none' })
const asSecond = (run: Run, writer: Writer) => ({
  ...second.row(run),
  vendor: isOld(writer) ? run.agent.split('/')[0] : run.own,
})

/** Old writers before and during the start, and old and new ones after it. */
async function throughStart(
  it: World,
  [old, next]: readonly [string, string],
  [oldDialect, newDialect]: readonly [Dialect, Dialect],
): Promise<{ running: Load; olds: Writer[]; news: Writer[] }> {
  const running = await load(it)
  const { meter } = running
  meter.enter('before')
  const olds = await running.start(old, oldDialect)
  await meter.more(size.statements)
  meter.enter('start')
  await it.start()
  meter.enter('in progress')
  const news = await running.start(next, newDialect)
  await meter.more(size.statements)
  return { running, olds, news }
}

scenario(
  70,
  'eight writers of each version write through start and complete of all that changes columns and constraints',
  async (engine) => {
    const it = await world(engine, { schema, rows, files: toSecond })
    const both = ['migration_1_base', 'migration_2_runs'] as const
    const { running, olds } = await throughStart(it, both, [first, second])
    const { meter, all } = running
    await expectInStep(it, both, apart)
    await stop(olds)
    await expectInStep(it, both, apart)
    await expectKept(running, olds, both[0], asFirst)
    meter.enter('complete')
    await it.complete()
    meter.enter('after')
    await meter.more(size.statements)
    await stop(all)
    report('complete', running)
    expect(meter.failures).toEqual([])
    await expectKept(running, all, both[1], asSecond)
    await expectCounted(running, both[1])
    await it.expectClean()
  },
  { only: 'postgres' },
)

scenario(
  70,
  'eight writers of each version write through start, and those of the old one through an abort',
  async (engine) => {
    const it = await world(engine, { schema, rows, files: toSecond })
    const before = await it.catalog()
    const both = ['migration_1_base', 'migration_2_runs'] as const
    const { running, news } = await throughStart(it, both, [first, second])
    const { meter, all } = running
    await expectInStep(it, both, apart)
    await stop(news)
    await expectInStep(it, both, apart)
    meter.enter('abort')
    await it.abort()
    meter.enter('after')
    await meter.more(size.statements)
    await stop(all)
    report('abort', running)
    expect(meter.failures).toEqual([])
    await expectKept(running, all, both[0], asFirst)
    await expectCounted(running, both[0])
    expect(await it.catalog()).toEqual(before)
    await it.expectClean()
  },
  { only: 'postgres' },
)

scenario(
  70,
  'eight writers of each version write while both ends of a foreign key become bigint',
  async (engine) => {
    const it = await world(engine, { schema, rows, files: toSecond })
    await it.start({ complete: true })
    it.files.write('3_keys.json', toThird)
    const both = ['migration_2_runs', 'migration_3_keys'] as const
    const { running, olds } = await throughStart(it, both, [second, second])
    const { meter, all } = running
    await stop(olds)
    await expectInStep(it, both, '(to_jsonb(new_row) is distinct from to_jsonb(old_row))')
    meter.enter('complete')
    await it.complete()
    meter.enter('after')
    await meter.more(size.statements)
    await stop(all)
    report('keys', running)
    expect(meter.failures).toEqual([])
    await expectKept(running, all, both[1], (run) => ({ ...second.row(run) }))
    await expectCounted(running, both[1])
    await it.expectClean()
  },
  { only: 'postgres' },
)
