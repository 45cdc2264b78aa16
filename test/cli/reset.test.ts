import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDatabase, raw, type Session } from '../../src/database/database.ts'
import { engines, freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

const project = {
  'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
  'migrations/001_agents.sql': `create table agents (id integer primary key, name text not null unique);
create table tools (id integer primary key, agent_id integer not null references agents (id), name text not null unique);
create table notes (id integer primary key, agent_id integer references agents (id), text text);
create table regions (name text primary key);
insert into regions values ('north');
create view names as select name from agents;
`,
  'seeds/001_agents.json':
    '{ "table": "agents", "key": ["id"], "rows": [{ "id": 1, "name": "ada" }, { "id": 2, "name": "bob" }] }',
  'seeds/002_tools.sql': "insert into tools values (1, 2, 'search') on conflict do nothing;\n",
}

async function onDatabase<T>(url: string, work: (session: Session) => Promise<T>): Promise<T> {
  await using database = await openDatabase(url)
  await using session = await database.session()
  return await work(session)
}

async function query(line: CommandLine, text: string, url = `sqlite:${path.join(line.directory, 'app.db')}`) {
  return onDatabase(url, (session) => session.query(raw(text)))
}

async function setUp(files: Readonly<Record<string, string>> = project): Promise<CommandLine> {
  const line = commandLine(files)
  expect((await line.run('setup --quiet --no-audit')).stderr).toBe('')
  return line
}

describe('reset --data', () => {
  test('empties the tables of the seeds and those that refer to them, and seeds again', async () => {
    const line = await setUp()
    await query(line, "update agents set name = 'changed' where id = 1")
    expect(await line.run('reset --data --dry-run')).toEqual({
      status: 0,
      stdout: lines(
        'Resetting sqlite:app.db would begin with this:',
        '  empty main.notes',
        '  empty main.tools',
        '  empty main.agents',
      ),
      stderr: '',
    })
    expect(await query(line, 'select name from agents order by id')).toEqual([{ name: 'changed' }, { name: 'bob' }])
    expect(await line.run('reset --data')).toEqual({
      status: 0,
      stdout: lines(
        'Emptied 3 tables of sqlite:app.db: notes, tools, agents.',
        'Seeding sqlite:app.db: 2 files',
        '  applied   seeds/001_agents.json  DURATION',
        '            agents: 2 inserted',
        '  applied   seeds/002_tools.sql  DURATION',
        "            insert into tools values (1, 2, 'search') on conflict do no…: 1 row",
        'Done: 2 files applied, 2 inserted, 0 updated, 0 removed, 0 unchanged, 1 row by statements.',
      ),
      stderr: '',
    })
    expect(await query(line, 'select name from agents order by id')).toEqual([{ name: 'ada' }, { name: 'bob' }])
  })

  test('stops before anything at rows that no seed made, unless the database is named', async () => {
    const line = await setUp()
    await query(line, "insert into notes values (1, 1, 'mine'), (2, 1, 'mine too')")
    expect(await line.run('reset --data')).toEqual({
      status: 3,
      stdout: '',
      stderr: lines(
        'error [reset_loses_rows] The database main holds rows that neither a migration nor a seed has made, and nothing would bring them back.',
        '  at main',
        '  main.notes: 2 rows',
        '  next: Save them first; if they may be lost, say so with --confirm main.',
      ),
    })
    expect(await query(line, 'select text from notes')).toHaveLength(2)
    expect((await line.run('reset --data --confirm main')).status).toBe(0)
    expect(await query(line, 'select text from notes')).toEqual([])
  })

  test('leaves alone what the seeds have nothing to do with', async () => {
    const line = await setUp()
    await query(line, "insert into regions values ('south')")
    expect((await line.run('reset --data')).status).toBe(0)
    expect(await query(line, 'select count(*) as count from regions')).toEqual([{ count: 2 }])
  })

  test('is refused where seeds and migrations write to the same table', async () => {
    const line = await setUp({
      ...project,
      'seeds/003_regions.sql': "insert into regions values ('west') on conflict do nothing;",
    })
    expect(await line.run('reset --data --confirm main')).toEqual({
      status: 3,
      stdout: '',
      stderr: lines(
        'error [reset_loses_rows] main.regions holds rows of migrations beside those of seeds, and seeding would not bring them back.',
        '  next: Use metastore reset without --data, which migrates again.',
      ),
    })
  })

  test('is refused while migrations are pending', async () => {
    const line = await setUp()
    line.write('migrations/002_more.sql', 'create table more (id integer primary key);')
    expect(await line.run('reset --data')).toEqual({
      status: 3,
      stdout: '',
      stderr: lines(
        'error [database_behind] 1 migration is pending, and the seeds are for the newest: 002_more.',
        '  at sqlite:app.db',
        '  next: Run metastore migrate first.',
      ),
    })
  })

  test('takes nothing away when the seeds could not be applied afterwards', async () => {
    const line = await setUp()
    line.write('seeds/001_agents.json', '{ "table": "agents", "key": ["id"], "rows": [{ "id": 1, "nmae": "ada" }] }')
    const { status, stderr } = await line.run('reset --data --confirm main')
    expect([status, stderr]).toEqual([2, expect.stringContaining('tried before anything is taken away') as string])
    expect(await query(line, 'select name from agents')).toHaveLength(2)
  })
})

describe('reset', () => {
  test.each(engines)('drops everything on $name, whoever made it, and builds it again', async ({ name, freshUrl }) => {
    const url = name === 'pglite' ? 'pglite:data' : await freshUrl()
    const line = await setUp({ ...project, 'metastore.toml': `[database.main]\nurl = "${url}"\n` })
    const here = name === 'pglite' ? `pglite:${path.join(line.directory, 'data')}` : url
    await onDatabase(here, (session) =>
      session.script('create table by_hand (id integer primary key); create view of_hand as select id from by_hand;'),
    )
    expect((await line.run('reset')).stderr).toBe('')
    await onDatabase(here, async (session) => {
      expect(await session.query(raw('select name from names order by 1'))).toEqual([{ name: 'ada' }, { name: 'bob' }])
      await expect(session.query(raw('select * from by_hand'))).rejects.toMatchObject({ reason: 'missing_object' })
    })
  })

  test('of a database that is marked as production is refused, without a connection', async () => {
    const toml = '[database.main]\nurl = "postgres://127.0.0.1:1/app"\nenvironment = "production"\n'
    const line = commandLine({ ...project, 'metastore.toml': toml })
    for (const words of ['reset', 'reset --data', 'reset --yes']) {
      expect(await line.run(words)).toEqual({
        status: 3,
        stdout: '',
        stderr: lines(
          'error [reset_guarded] The database main is marked as production, so it is not reset.',
          '  at main',
          '  next: If it is to lose its rows, say so with --confirm main.',
        ),
      })
    }
    expect((await line.run('reset --confirm main')).stderr).toContain('connection_failed')
  })

  test('refuses a name that is of another database', async () => {
    const line = commandLine(project)
    expect(await line.run('reset --confirm mian')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] --confirm names "mian", but the reset is for "main".',
        '  at metastore reset',
        '  next: Give the name of the database that may lose everything, or choose another one with --database or --url.',
      ),
    })
  })

  test('goes by the name of the database itself where there is no metastore.toml', async () => {
    const { 'metastore.toml': _, ...files } = project
    const line = commandLine(files)
    const environment = { DATABASE_URL: 'sqlite:own.db', METASTORE_ENVIRONMENT: 'production' }
    expect((await line.run('reset', { environment })).stderr).toContain('say so with --confirm own.db.')
  })

  test('touches none of several databases when one of them refuses', async () => {
    const two = '[database.a]\nurl = "sqlite:app.db"\n[database.b]\nurl = "sqlite:b.db"\nenvironment = "production"\n'
    const line = await setUp()
    line.write('metastore.toml', two)
    await query(line, "update agents set name = 'changed' where id = 1")
    expect((await line.run('reset --data')).status).toBe(3)
    expect(await query(line, 'select name from agents where id = 1')).toEqual([{ name: 'changed' }])
  })

  test('asks on a terminal, and a no changes nothing', async () => {
    const line = await setUp()
    const asked: string[] = []
    const ask = (question: string) => Promise.resolve(asked.push(question) < 0)
    const { stdout } = await line.run('reset', { interactive: true, ask })
    expect([asked, stdout]).toEqual([
      ['Reset sqlite:app.db? Everything in it is dropped and made again.'],
      'Nothing was changed.\n',
    ])
  })

  test('that failed halfway goes on when it is run again', async () => {
    const line = await setUp()
    // Its second run is the one on the database itself: the first is on the throw-away one.
    const script =
      'export default () => { globalThis.lateRuns = (globalThis.lateRuns ?? 0) + 1; if (globalThis.lateRuns === 2) throw new Error("late") }'
    line.write('seeds/003_late.ts', script)
    await query(line, "update agents set name = 'changed' where id = 1")
    const first = await line.run('reset')
    expect([first.status, first.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^Stopped at seed, after everything was taken away\. Run the same command again, or go on with metastore setup\.\nerror \[script_failed\]/,
      ) as string,
    ])
    expect((await line.run('reset')).status).toBe(0)
    expect(await query(line, 'select name from agents order by id')).toEqual([{ name: 'ada' }, { name: 'bob' }])
  })

  test('sees rows that were written while it was asked', async () => {
    const line = await setUp()
    const ask = async () => {
      await query(line, "insert into notes values (7, 1, 'in the meantime')")
      return true
    }
    expect((await line.run('reset', { interactive: true, ask })).stderr).toContain('main.notes: 1 row\n')
    expect(await query(line, 'select text from notes')).toEqual([{ text: 'in the meantime' }])
  })

  test('is refused while a batch is in progress, unless the database is named', async () => {
    const url = await freshPostgresUrl(18)
    const toml = `[database.main]\nurl = "${url}"\n`
    const action =
      '[[actions]]\ntype = "add_column"\ntable = "agents"\n[actions.column]\nname = "model"\ntype = "TEXT"\n'
    const line = await setUp({ ...project, 'metastore.toml': toml })
    line.write('migrations/002_model.toml', action)
    expect((await line.run('start')).stderr).toBe('')
    expect((await line.run('reset')).stderr).toBe(
      lines(
        'error [batch_in_progress] 002_model is in progress: started, and neither completed nor aborted.',
        '  next: Finish with metastore complete, or take it back with metastore abort; then run this again.',
      ),
    )
    expect(await line.run('reset --confirm main')).toMatchObject({ status: 0, stderr: '' })
    expect(await query(line, 'select model from agents', url)).toHaveLength(2)
  })
})
