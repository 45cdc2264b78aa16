import { describe, expect, test } from 'vitest'
import { openDatabase, raw, redactUrl, sql } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines } from './command-line.ts'

const files = {
  'migrations/001_runs.toml': `actions = [{ type = "create_table", name = "runs", primary_key = ["id"], columns = [
  { name = "id", type = "BIGINT" } ] }]\n`,
  'migrations/002_vendor.toml': `actions = [{ type = "add_column", table = "runs", column = { name = "vendor", type = "TEXT" } }]\n`,
}

async function project(script: string) {
  const url = await freshPostgresUrl(18)
  await using database = await openDatabase(url)
  await using session = await database.session()
  await session.script(script)
  return {
    line: commandLine(files),
    environment: { DATABASE_URL: url },
    address: redactUrl(url),
    async rows(text: string) {
      await using reopened = await openDatabase(url)
      await using other = await reopened.session()
      return await other.query(sql`${raw(text)}`)
    },
  }
}

const table = 'create table runs (id bigint primary key);'

const reshape = `${table}
  create schema reshape;
  create table reshape.data (key text primary key, value jsonb);
  create table reshape.migrations (
    index integer generated always as identity primary key, name text not null, description text,
    actions jsonb not null, completed_at timestamp default now());
  insert into reshape.data values ('state', '{"state": "idle"}');
  insert into reshape.migrations (name, actions) values ('001_runs', '[{"type": "create_table", "name": "runs",
    "columns": [{"name": "id", "type": "BIGINT", "nullable": true, "default": null, "generated": null}],
    "primary_key": ["id"], "foreign_keys": [], "up": null}]');
  create schema migration_001_runs;
  create view migration_001_runs.runs as select id from runs;`

describe('baseline', () => {
  test('says what it recorded, and the schema that is there now', async () => {
    const { line, environment, address } = await project(table)
    expect(await line.run('baseline 1', { environment })).toEqual({
      status: 0,
      stdout: lines(
        '  recorded  001_runs',
        `${address} is managed: it is at 001_runs.`,
        'The application can use the schema migration_001_runs.',
      ),
      stderr: '',
    })
    expect(await line.run('baseline 1', { environment })).toMatchObject({
      status: 0,
      stdout: lines(
        `${address} is managed: it is at 001_runs.`,
        'The application can use the schema migration_001_runs.',
      ),
    })
    expect(await line.run('baseline', { environment })).toEqual({
      status: 3,
      stdout: '',
      stderr: lines(
        `error [already_managed] ${address} is managed already: it is at 001_runs. Nothing was changed.`,
        `  at ${address}`,
        '  next: To run what is pending: metastore migrate. To correct the history by hand: metastore stamp NAME.',
      ),
    })
  })

  test('is one JSON document', async () => {
    const { line, environment, address } = await project(table)
    expect(await line.json('baseline base', { environment })).toEqual({
      status: 0,
      document: {
        command: 'baseline',
        ok: true,
        databases: [{ database: 'default', address, recorded: [], current: null, schema: null }],
      },
      stderr: '',
    })
  })
})

describe('adopt', () => {
  test('says what it took over', async () => {
    const { line, environment, address } = await project(reshape)
    expect(await line.run('adopt --from reshape', { environment })).toEqual({
      status: 0,
      stdout: lines(
        '  adopted  001_runs',
        `${address} is managed: it is at 001_runs.`,
        'The application goes on with the schema migration_001_runs.',
      ),
      stderr: '',
    })
    expect(await line.json('adopt --from reshape', { environment })).toEqual({
      status: 0,
      document: {
        command: 'adopt',
        ok: true,
        databases: [
          {
            database: 'default',
            address,
            from: 'reshape',
            adopted: [],
            notCompared: [],
            leftOut: [],
            pending: ['002_vendor'],
            current: '001_runs',
            schema: 'migration_001_runs',
          },
        ],
      },
      stderr: '',
    })
  })

  test('scenario 82: lets the next batch start from the version schema that Reshape made', async () => {
    const { line, environment, rows } = await project(reshape)
    await line.run('adopt --from reshape', { environment })
    expect((await line.run('start', { environment })).status).toBe(0)
    await rows('insert into migration_001_runs.runs values (1)')
    expect(await rows('select * from migration_002_vendor.runs')).toEqual([{ id: 1, vendor: null }])
    expect((await line.run('complete', { environment })).status).toBe(0)
    expect(await rows(`select nspname from pg_namespace where nspname like 'migration%'`)).toEqual([
      { nspname: 'migration_002_vendor' },
    ])
  })

  test('accepts an edited file that is named in short', async () => {
    const { line, environment } = await project(reshape)
    line.write('migrations/001_runs.toml', files['migrations/001_runs.toml'].replace('BIGINT', 'INTEGER'))
    expect((await line.run('adopt --from reshape', { environment })).status).toBe(3)
    expect((await line.run('adopt --from reshape --allow-changed 1', { environment })).status).toBe(0)
  })
})
