import { beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, sql, type Session } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, type CommandLine, type Outcome } from './command-line.ts'

const files = {
  'migrations/001_runs.sql': 'create table runs (id int primary key, cost int);\n',
  'migrations/002_name.sql': "alter table runs add column name text not null default '';\n",
  'migrations/003_vendor.toml':
    '[[actions]]\ntype = "add_column"\ntable = "runs"\nup = "\'none\'"\n[actions.column]\nname = "vendor"\ntype = "text"\n',
}

interface World {
  readonly line: CommandLine
  readonly url: string
  run(words: string): Promise<Outcome>
  on(script: string): Promise<void>
}

let template = ''

beforeAll(async () => {
  template = await freshPostgresUrl(18)
  await commandLine(files).run(`migrate 1 --url ${template}`)
})

/** A database with the first migration applied, and a plan of the others. */
async function world(destination = ''): Promise<World> {
  const url = await freshPostgresUrl(18, template)
  const line = commandLine(files)
  const run = (words: string) => line.run(`${words} --url ${url}`)
  const on = (script: string) => onDatabase(url, (session) => session.script(script))
  await run(`plan ${destination} --out plan.json`)
  return { line, url, run, on }
}

async function onDatabase<T>(url: string, work: (session: Session) => Promise<T>): Promise<T> {
  await using database = await openDatabase(url)
  await using session = await database.session()
  return await work(session)
}

function refusal(first: string, ...more: readonly string[]): string {
  const rest = more.length === 0 ? '' : ` And ${more.length} more thing${more.length === 1 ? '' : 's'}.`
  return lines(
    `error [plan_stale] The plan does not fit any more, and nothing was changed. ${first}${rest}`,
    '  at plan.json',
    ...(more.length === 0 ? [] : [first, ...more].map((each) => `  ${each}`)),
    '  next: Make the plan again with metastore plan --out, and have it approved.',
  )
}

/** What makes a saved plan unfit. */
interface Staleness {
  readonly what: string
  /** As for `plan`. */
  readonly plan?: string
  readonly change: (world: World) => unknown
  readonly first: string
  readonly more?: readonly string[]
}

describe('a saved plan', () => {
  test('holds what runs, where the database stood, every file and the tables it is about, and applies as it is', async () => {
    const { line, run } = await world()
    const plan = JSON.parse(line.read('plan.json')) as Record<string, unknown>
    expect(plan).toMatchObject({
      format: 1,
      database: { system: expect.stringMatching(/^\d+$/) as string, name: expect.stringMatching(/^test_/) as string },
      position: { phase: null, batch: [], version: null, applied: [{ name: '001_runs' }] },
      files: [{ name: '001_runs' }, { name: '002_name' }, { name: '003_vendor' }],
      migrations: [
        { name: '002_name', steps: [{ kind: 'transaction' }] },
        { name: '003_vendor', steps: [] },
      ],
      catalog: [
        { object: 'table public.runs' },
        { object: 'column public.runs.id' },
        { object: 'column public.runs.cost' },
        { object: 'constraint public.runs.runs_id_not_null' },
        { object: 'constraint public.runs.runs_pkey' },
        { object: 'index public.runs.runs_pkey' },
      ],
    })
    const { status, stderr } = await run('migrate --plan plan.json')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    // What was done is no reason to refuse: a pipeline may be run again.
    expect(await run('migrate --plan plan.json')).toMatchObject({ status: 0, stderr: '' })
    expect((await run('status')).stdout).toContain('003_vendor')
  })

  test('goes exactly as far as it says', async () => {
    const { run } = await world('+1')
    expect((await run('migrate --plan plan.json')).stdout).toContain('it is at 002_name; 1 migration still pending')
  })

  test('is started as well as migrated', async () => {
    const { run } = await world()
    expect(await run('start --plan plan.json')).toMatchObject({ status: 0 })
    expect((await run('status')).stdout).toContain('in progress')
    expect(await run('complete')).toMatchObject({ status: 0, stderr: '' })
  })

  test.each<Staleness>([
    {
      what: 'a file that has changed',
      change: ({ line }: World) => line.write('migrations/002_name.sql', 'select 1;\n'),
      first: 'The file migrations/002_name.sql has changed.',
    },
    {
      what: 'a file that is gone, and one that is new',
      change({ line }: World) {
        line.remove('migrations/003_vendor.toml')
        line.write('migrations/004_more.sql', 'select 1;\n')
      },
      first: 'The file migrations/003_vendor.toml is gone.',
      more: ['The file migrations/004_more.sql is new.'],
    },
    {
      what: 'a history that went back',
      change: ({ on }: World) => on('delete from metastore.migrations; drop table runs'),
      first: 'Migration 001_runs was applied then, and is not now.',
    },
    {
      what: 'a history that went on without the plan',
      plan: '+1',
      change: ({ run }: World) => run('migrate'),
      first: 'Migration 003_vendor has been applied since.',
    },
    {
      what: 'a table that has changed',
      change: ({ on }: World) =>
        on('alter table runs alter column cost set not null; create index extra on runs (cost)'),
      first: 'The column public.runs.cost has changed.',
      more: ['The constraint public.runs.runs_cost_not_null is new.', 'The index public.runs.extra is new.'],
    },
    {
      what: 'steps that somebody has edited in the plan',
      change: ({ line }: World) =>
        line.write('plan.json', line.read('plan.json').replace('not null default', 'default')),
      first:
        'Migration 002_name has other steps now, from "alter table runs add column name text not null default \'\';" on.',
    },
  ])('is refused for $what, before anything is written', async ({ plan = '', change, first, more = [] }) => {
    const here = await world(plan)
    await change(here)
    const before = await onDatabase(here.url, dump)
    const { status, stdout, stderr } = await here.run('migrate --plan plan.json')
    expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: '', stderr: refusal(first, ...more) })
    expect(await onDatabase(here.url, dump)).toEqual(before)
  })

  test('is refused for another database', async () => {
    const { line } = await world()
    const other = await freshPostgresUrl(18, template)
    const { status, stderr } = await line.run(`migrate --plan plan.json --url ${other}`)
    expect(status).toBe(3)
    expect(stderr).toMatch(
      /nothing was changed\. The plan is for postgres:\/\/[^ ]*test_\d+_\d+; this is postgres:\/\/[^ ]*test_\d+_\d+\.\n/,
    )
  })
})

describe('a file of a plan', () => {
  const sqlite = { 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n', 'migrations/001_a.sql': 'select 1;\n' }
  const again = 'Make the plan again with metastore plan --out, with the version of metastore that is to apply it.'

  test.each([
    { text: 'no json', says: 'plan.json is not JSON.' },
    { text: '[]', says: 'plan.json is no plan of metastore: its content is not what it should be.' },
    { text: '{"format":1}', says: 'plan.json is no plan of metastore: toolVersion is not what it should be.' },
    {
      text: '{"format":2,"anything":true}',
      says: 'plan.json is a plan of format 2, and this version of metastore knows format 1.',
    },
  ])('is refused as it is: $text', async ({ text, says }) => {
    const line = commandLine({ ...sqlite, 'plan.json': text })
    expect(await line.run('migrate --plan plan.json')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(`error [plan_invalid] ${says}`, '  at plan.json', `  next: ${again}`),
    })
    expect(line.exists('app.db')).toBe(false)
  })

  test('goes on where a run of it was cut off between two statements of a file', async () => {
    const url = await freshPostgresUrl(18, template)
    const line = commandLine({
      'migrations/001_runs.sql': files['migrations/001_runs.sql'],
      'migrations/002_index.sql':
        '-- metastore: no-transaction\ncreate index concurrently runs_cost on runs (cost);\nalter table runs add column vendor text;\nalter table runs add constraint cheap check (cost < 10);\n',
    })
    const run = (words: string) => line.run(`${words} --url ${url}`)
    await onDatabase(url, (session) => session.script('insert into runs values (1, 20)'))
    await run('plan --out plan.json')
    expect((await run('migrate --plan plan.json')).stderr).toContain('error [statement_failed]')
    const { stdout } = await run('plan')
    expect(stdout).toContain('-- It was begun before: 2 statements are done already and left out.\n')
    expect(stdout.split('\n').filter((each) => /^(create|alter)/.test(each))).toEqual([
      'alter table runs add constraint cheap check (cost < 10);',
    ])
    await onDatabase(url, (session) => session.script('update runs set cost = 2'))
    expect(await run('migrate --plan plan.json')).toMatchObject({ status: 0, stderr: '' })
  })

  test('works on SQLite, which has no locks to foretell', async () => {
    const line = commandLine(sqlite)
    expect(await line.run('plan --out plan.json')).toMatchObject({
      status: 0,
      stderr: 'Saved: plan.json. Apply it with metastore migrate --plan plan.json.\n',
    })
    expect(JSON.parse(line.read('plan.json'))).toMatchObject({ catalog: null })
    expect(await line.run('migrate --plan plan.json')).toMatchObject({ status: 0, stderr: '' })
  })

  test('is neither read from nowhere, written nowhere, nor made of a rollback, nor has a destination beside it', async () => {
    const line = commandLine(sqlite)
    const stderrOf = async (words: string) => (await line.run(words)).stderr
    expect(await stderrOf('migrate --plan none.json')).toBe(
      lines(
        'error [file_unreadable] The plan none.json cannot be read (ENOENT).',
        '  at none.json',
        '  next: Check the path.',
      ),
    )
    expect(await stderrOf('plan --out no/plan.json')).toBe(
      lines(
        'error [file_unwritable] no/plan.json cannot be written (ENOENT).',
        '  at no/plan.json',
        '  next: Name a place that exists and may be written to.',
      ),
    )
    expect(await stderrOf('plan --rollback --out plan.json')).toBe(
      lines(
        'error [usage] Only a plan of migrate can be saved, not one of rollback.',
        '  at --out',
        '  next: Leave --rollback or --out out.',
      ),
    )
    expect(await stderrOf('migrate 001 --plan plan.json')).toBe(
      lines(
        'error [usage] A saved plan says how far it goes, so there can be no destination beside it.',
        '  at --plan',
        '  next: Leave the destination out, or make another plan.',
      ),
    )
  })
})

async function dump(session: Session): Promise<unknown> {
  return session.query(sql`
    select (select count(*) from metastore.migrations)::int as applied, count(*)::int as columns
    from information_schema.columns where table_schema = 'public'`)
}
