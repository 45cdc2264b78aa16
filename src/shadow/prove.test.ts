import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import type { Observation } from './observe.ts'
import { proofFindings } from './prove-findings.ts'
import { prove } from './shadow.ts'

const base = `create type state as enum ('new', 'done');
  create table runs (id bigint primary key, state state not null, label varchar(20), cost int);
  create table notes (id bigint primary key, run bigint);`

const files = {
  '1_base.sql': base,
  '2_cheap.sql': `alter table runs add column note text;
    alter table runs alter column label type text;
    create table fresh (id int); create index on fresh (id);
    update runs set note = 'x';`,
  '3_dear.sql': `set local search_path = public;
    alter table runs alter column cost type bigint;
    create index runs_cost on runs (cost);
    alter table notes add constraint notes_run foreign key (run) references runs (id);`,
  '4_alone.sql': '-- metastore: no-transaction\ncreate index concurrently notes_run on notes (run);\n',
  '5_after.sql': 'truncate notes;',
  '6_action.toml': 'actions = [{ type = "add_column", table = "notes", column = { name = "x", type = "TEXT" } }]\n',
  '7_last.sql': 'alter table notes alter column run set not null;',
}

/** A line for each statement of the selected files: its place, its locks, and what it did. */
async function seen(files: Readonly<Record<string, string>>, server?: string): Promise<readonly string[]> {
  const read = await migrationDirectory(files).read()
  const options = { directory: path.join(temporaryDirectory(), 'shadow'), server, schema: 'public' }
  const selected = new Set(read.slice(1).map(({ name }) => name))
  const { statements, findings } = await prove(read, selected, options)
  expect(findings).toEqual([])
  return statements.map(({ migration, line, observed, reason }) => {
    const { locks = [], rewrites = [], scans } = observed ?? {}
    return [
      `${migration}:${line}`,
      locks.map(({ table, mode }) => `${mode} ${table}`).join(', '),
      ...(rewrites.length > 0 ? [`rewrites ${rewrites.join()}`] : []),
      ...(scans && scans.length > 0 ? [`reads ${scans.join()}`] : []),
      ...(reason === null ? [] : [reason]),
    ].join(' | ')
  })
}

const cheap = [
  '2_cheap:1 | ACCESS EXCLUSIVE public.runs',
  '2_cheap:2 | ACCESS EXCLUSIVE public.runs',
  '2_cheap:3 | ',
  '2_cheap:3 | ',
  '2_cheap:4 | ROW EXCLUSIVE public.runs | reads public.runs',
]

describe('what each statement does', () => {
  test('is seen by running it, and agrees with the hazards', async () => {
    expect(await seen(files, await freshPostgresUrl(18))).toEqual([
      ...cheap,
      '3_dear:2 | ACCESS EXCLUSIVE public.runs | rewrites public.runs | reads public.runs',
      '3_dear:3 | SHARE public.runs | reads public.runs',
      '3_dear:4 | SHARE ROW EXCLUSIVE public.notes, SHARE ROW EXCLUSIVE public.runs | reads public.notes,public.runs',
      '4_alone:2 |  | it cannot run in a transaction',
      '5_after:1 | ACCESS EXCLUSIVE public.notes | rewrites public.notes',
      '7_last:1 | ACCESS EXCLUSIVE public.notes | reads public.notes',
    ])
  })

  test('is seen on the embedded PostgreSQL as well', async () => {
    expect(await seen({ '1_base.sql': base, '2_cheap.sql': files['2_cheap.sql'] })).toEqual(cheap)
  })
})

describe('where hazards and what was seen disagree', () => {
  const place = { migration: '2_x', file: 'migrations/2_x.sql', line: 3, column: 1 }
  const nothing: Observation = { locks: [{ table: 'public.runs', mode: 'ACCESS EXCLUSIVE' }], rewrites: [], scans: [] }
  const find = (observed: Partial<Observation>, hazards: string[], kind = 'other' as const) =>
    proofFindings({ ...place, observed: { ...nothing, ...observed }, statement: { kind, hazards } })

  test('a rewrite that no hazard foresees is told', () => {
    expect(find({ rewrites: ['public.runs'] }, ['table_lock'])).toEqual([
      {
        file: 'migrations/2_x.sql',
        line: 3,
        column: 1,
        object: '2_x',
        code: 'rewrite_not_foreseen',
        severity: 'P1',
        message: 'The statement writes public.runs anew, under a lock that keeps everybody out, and no hazard says so.',
        remedy: 'Write it as an action, or in steps that do not rewrite; and tell us, so that check learns it.',
      },
    ])
    expect(find({ rewrites: ['public.runs'] }, ['type_change_rewrites'])).toEqual([])
  })

  test('a hazard whose rewrite does not happen is told', () => {
    expect(find({}, ['volatile_default'])).toMatchObject([
      {
        code: 'rewrite_not_seen',
        severity: 'P2',
        message: 'The hazard volatile_default says that a table is written anew, and none was.',
        remedy: 'It can be allowed here, with a comment: -- metastore: allow volatile_default because … .',
      },
    ])
  })

  test('rows that are read under a lock against writers are told, unless a hazard is there', () => {
    expect(find({ scans: ['public.runs'] }, [])).toMatchObject([
      {
        code: 'long_lock_not_foreseen',
        severity: 'P1',
        message:
          'The statement reads all rows of public.runs under ACCESS EXCLUSIVE, which keeps writers out, and no hazard says so.',
        remedy:
          'Write it as an action, or in steps that do not read under such a lock; and tell us, so that check learns it.',
      },
    ])
    expect(find({ scans: ['public.runs'] }, ['set_not_null_scan'])).toEqual([])
    expect(find({}, [])).toEqual([])
  })
})
