import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { introspect } from '../catalog/catalog.ts'
import { openDatabase, raw } from '../database/database.ts'
import { migrate, openEngine } from '../migrations/migrations.ts'

import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { withoutOwner } from './owners.ts'
import { replay } from './shadow.ts'

const runs = 'create table runs (id bigint primary key, state text);\n'
const index = 'create index runs_state on runs (state);\n'
const rename = JSON.stringify({
  actions: [
    { type: 'alter_column', table: 'runs', column: 'state', changes: { name: 'status', nullable: false }, up: "''" },
  ],
})

function project(files: Readonly<Record<string, string>>) {
  const directory = migrationDirectory(files)
  const cache = path.join(temporaryDirectory(), 'shadow')
  return {
    directory,
    cache,
    replay: async (server?: string) => replay(await directory.read(), { directory: cache, server }),
  }
}

describe('replaying', () => {
  test('finds what the migrations make, as migrating does', async () => {
    const { directory, replay } = project({ '1_runs.sql': runs, '2_index.sql': index, '3_status.json': rename })
    const shadow = await replay()
    expect(shadow.files.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['1_runs', 'applied'],
      ['2_index', 'applied'],
      ['3_status', 'applied'],
    ])
    await using database = await openDatabase('pglite:memory')
    await using engine = await openEngine(database)
    await migrate(engine, await directory.read())
    await using session = await database.session()
    const excludeSchemas = ['metastore', 'migration_3_status']
    const catalog = await introspect(session, 'postgres', { excludeSchemas })
    expect(shadow.catalog).toEqual(withoutOwner(catalog, 'postgres'))
  })

  test('says of every object which migrations made, changed and removed it', async () => {
    const { replay } = project({
      '1_runs.sql': runs,
      '2_index.sql': index,
      '3_type.sql': 'alter table runs alter column state type varchar(20); create table gone (id int);',
      '4_drop.sql': 'drop table gone;',
    })
    const { provenance } = await replay()
    expect(provenance.get('table public.runs')).toMatchObject({ createdBy: '1_runs', changedBy: [], removedBy: null })
    expect(provenance.get('column public.runs.state')).toMatchObject({
      createdBy: '1_runs',
      changedBy: ['3_type'],
      partOf: 'table public.runs',
    })
    expect(provenance.get('index public.runs.runs_state')).toMatchObject({ createdBy: '2_index' })
    expect(provenance.get('table public.gone')).toMatchObject({ createdBy: '3_type', removedBy: '4_drop' })
  })

  test('runs nothing again that it knows, and only what comes after a change', async () => {
    const { directory, replay, cache } = project({ '1_runs.sql': runs, '2_index.sql': index })
    const first = await replay()
    expect(first.replayed).toBe(2)
    const again = await replay()
    expect(again).toMatchObject({ replayed: 0, files: first.files, catalog: first.catalog, start: first.start })
    expect(again.provenance).toEqual(first.provenance)
    expect(await again.steps()).toEqual(await first.steps())

    directory.write('3_more.sql', 'create table more (id int);')
    const more = await replay()
    expect(more.replayed).toBe(1)
    expect(more.provenance.get('table public.more')).toMatchObject({ createdBy: '3_more' })
    directory.write('3_more.sql', 'create table others (id int);')
    const others = await replay()
    expect(others.replayed).toBe(1)
    expect(others.provenance.has('table public.more')).toBe(false)
    directory.write('1_runs.sql', `${runs}comment on table runs is 'Runs.';`)
    expect((await replay()).replayed).toBe(3)
    expect(readdirSync(cache).filter((name) => name.startsWith('data-')).length).toBeLessThanOrEqual(2)
  })

  test('names every file that fails, once, and replays the others', async () => {
    const { replay } = project({
      '1_runs.sql': runs,
      '2_wrong.sql': 'create tabel x (id int);',
      '3_lost.sql': 'create index lost on nowhere (id);',
      '4_index.sql': index,
    })
    const { files, provenance } = await replay()
    expect(files.map(({ name, outcome, problem }) => [name, outcome, problem?.line, problem?.message])).toEqual([
      ['1_runs', 'applied', undefined, undefined],
      ['2_wrong', 'failed', 1, 'syntax error at or near "tabel".'],
      ['3_lost', 'failed', 1, 'relation "nowhere" does not exist.'],
      ['4_index', 'applied', undefined, undefined],
    ])
    expect(provenance.has('index public.runs.runs_state')).toBe(true)
  })

  test('finds the order that works for a file that sorts before what it needs', async () => {
    const { replay } = project({
      '1_index.sql': index,
      '2_column.sql': 'alter table runs add column cost int;',
      '3_runs.sql': runs,
      '4_last.sql': 'create index runs_cost on runs (cost);',
    })
    const { files } = await replay()
    expect(files.map(({ name, outcome, after }) => [name, outcome, after])).toEqual([
      ['1_index', 'late', '3_runs'],
      ['2_column', 'late', '3_runs'],
      ['3_runs', 'applied', null],
      ['4_last', 'applied', null],
    ])
    expect(files[0]?.problem?.message).toBe('relation "runs" does not exist.')
  })

  test('makes roles that a file names, and cannot judge what needs an extension that is not there', async () => {
    const { replay } = project({
      '1_runs.sql': `${runs}grant select on runs to reader, writer;`,
      '2_extension.sql': 'create extension nonesuch;',
      '3_needs.sql': 'create table places (id int, place nonesuch_point);',
      '4_index.sql': index,
    })
    const { files, catalog } = await replay()
    expect(files.map(({ outcome }) => outcome)).toEqual(['applied', 'unverified', 'unverified', 'applied'])
    expect(catalog.tables[0]?.grants.map(({ grantee }) => grantee)).toEqual(['reader', 'writer'])
  })

  test('goes on after a file of actions that fails in the middle', async () => {
    const { replay } = project({
      '1_runs.sql': `${runs}insert into runs values (1, null);`,
      '2_actions.json': JSON.stringify({
        actions: [
          { type: 'add_column', table: 'runs', column: { name: 'cost', type: 'INTEGER' } },
          { type: 'custom', complete: 'select * from nowhere' },
        ],
      }),
      '3_index.sql': index,
    })
    const { files, catalog } = await replay()
    expect(files.map(({ outcome }) => outcome)).toEqual(['applied', 'failed', 'applied'])
    expect(catalog.tables[0]?.columns.map(({ name }) => name)).toEqual(['id', 'state'])
  })

  test('uses a database of its own on a real server, and leaves nothing there', async () => {
    const url = await freshPostgresUrl(18)
    const { replay } = project({ '1_runs.sql': runs, '2_index.sql': index })
    const shadow = await replay(url)
    expect(shadow.server).toMatch(/^PostgreSQL 18/)
    expect(shadow.catalog.tables.map(({ name }) => name)).toEqual(['runs'])
    await using database = await openDatabase(url)
    await using session = await database.session()
    expect(
      await session.query(raw("select datname from pg_database where datname like 'metastore\\_shadow%'")),
    ).toEqual([])
    expect((await replay(url)).replayed).toBe(0)
  })
})
