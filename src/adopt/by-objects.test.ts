import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { root } from '../../test/harness/example-copy.ts'
import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { audit } from '../audit/audit.ts'
import { openDatabase, sql, type Database } from '../database/database.ts'
import {
  baseline,
  migrate,
  openEngine,
  readMigrationFiles,
  type Engine,
  type MigrationFile,
} from '../migrations/migrations.ts'
import { assess, recordDecision, settle, type AssessOptions } from './by-objects.ts'
import type { Decisions } from './decide.ts'

const runs = 'create table runs (id bigint primary key, state text);\n'
const index = 'create index runs_state on runs (state);\n'
const cost = 'alter table runs add column cost int, add column currency text;\n'
const backfill = "update runs set state = 'done' where state is null;\n"
const project = { '1_runs.sql': runs, '2_index.sql': index, '3_cost.sql': cost }

const later = {
  ...project,
  '4_type.sql': 'alter table runs alter column cost type bigint;',
  '5_drop.sql': 'alter table runs drop column currency; drop index runs_state;',
}
const rows = {
  '1_runs.sql': runs,
  '2_rows.sql': backfill,
  '3_cost.sql': cost,
  '4_more.sql': backfill,
  '5_index.sql': index,
  '6_rest.sql': backfill,
  '7_lost.sql': 'create index lost on nowhere (id);',
}

const cache = temporaryDirectory()
// One for all replays of small projects: it is quicker than the embedded one.
let shadowServer: string
let database: Database
let engine: Engine

beforeAll(async () => {
  shadowServer = await freshPostgresUrl(18)
  database = await openDatabase(await freshPostgresUrl(18))
  engine = await openEngine(database, { user: 'ann@host' })
})
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await database.close()
})
beforeEach(() =>
  engine.session.script(`
    drop schema if exists metastore, ai_guardrails, public cascade; create schema public; set search_path = public`),
)

const optionsFor = (directory: string): AssessOptions => ({
  cacheDirectory: path.join(cache, directory),
  stateSchema: 'metastore',
})
const recording = { base: 'public', exposeViews: true }

/** A database that somebody made by hand, and a project. */
async function world(live: string, files: Readonly<Record<string, string>> = project) {
  await engine.session.script(live)
  const read = await migrationDirectory(files).read()
  const options = { ...optionsFor(Object.keys(files).join()), shadowServer }
  const assessment = await assess(engine, read, options)
  const adopt = async (decisions: Decisions = {}) => {
    const decision = await settle(engine, read, assessment, decisions, options)
    return recordDecision(engine, read, { decision, decisions }, { ...options, ...recording })
  }
  return { read, options, assessment, adopt, verdicts: assessment.evidence.map(({ verdict }) => verdict) }
}

async function findings(files: readonly MigrationFile[], options: AssessOptions): Promise<string[]> {
  const { report } = await audit(engine, files, { ...options, database: 'x' })
  return report.findings.filter(({ kind }) => kind !== 'health').map(({ code, object }) => `${code} ${object ?? ''}`)
}

describe('adopting by objects', () => {
  test('records what is in effect, leaves the rest pending, and changes nothing else', async () => {
    const { verdicts, adopt, read, options } = await world(`${runs} ${index} insert into runs values (1)`)
    expect(verdicts).toEqual(['in_effect', 'in_effect', 'not_in_effect'])
    const before = await assess(engine, read, options)
    expect(await adopt()).toEqual({
      adopted: ['1_runs', '2_index'],
      pending: ['3_cost'],
      current: '2_index',
      schema: null,
    })
    expect(await assess(engine, read, options)).toEqual(before)
    expect(await engine.session.query(sql`select id from runs`)).toEqual([{ id: 1 }])
    expect(await findings(read, options)).toEqual(['migration_not_applied 3_cost'])
    expect(await migrate(engine, read)).toMatchObject({ pending: [] })
    expect(await findings(read, options)).toEqual([])
  })

  test('a database with nothing of it is left alone', async () => {
    const { verdicts, adopt } = await world('create table others (id int)')
    expect(verdicts).toEqual(['not_in_effect', 'not_in_effect', 'not_in_effect'])
    expect(await adopt()).toMatchObject({ adopted: [], current: null })
    expect((await engine.look()).state.layout).toBeNull()
  })

  test('what a later migration has changed or dropped is no sign against the one that made it', async () => {
    const live = `create table runs (id bigint primary key, state text, cost bigint)`
    const { assessment } = await world(live, later)
    expect(assessment.evidence.map(({ name, verdict, reason }) => [name, verdict, reason])).toEqual([
      ['1_runs', 'in_effect', null],
      // Its index is not there, but the one that drops it is in effect.
      ['2_index', 'in_effect', null],
      ['3_cost', 'in_effect', null],
      ['4_type', 'in_effect', null],
      ['5_drop', 'in_effect', null],
    ])
    const before = await world(`drop table runs; ${runs} ${index} ${cost}`, later)
    expect(before.verdicts).toEqual(['in_effect', 'in_effect', 'in_effect', 'not_in_effect', 'not_in_effect'])
  })

  test('one that is partly there is refused with what is missing and the SQL that makes it', async () => {
    const { adopt, read, options, assessment } = await world(
      `create table runs (id bigint primary key, state int); alter table runs add column cost int`,
    )
    expect(assessment.evidence.map(({ verdict, missing, different }) => [verdict, missing, different])).toEqual([
      ['partly', [], ['column public.runs.state']],
      ['not_in_effect', ['index public.runs.runs_state'], []],
      ['partly', ['column public.runs.currency'], []],
    ])
    await expect(adopt()).rejects.toMatchObject({
      code: 'adoption_partly',
      message: '1_runs, 3_cost are only partly in effect. Nothing was changed.',
      where: database.address,
      remedy:
        'Make the rest by hand, with the statements above where there are any, and adopt again; or say what it counts as: --applied NAME (metastore audit then tells what is missing) or --not-applied NAME.',
      details: [
        '1_runs: 5 of 6 objects are as it makes them.',
        '  different: column public.runs.state',
        '3_cost: 1 of 2 objects are as it makes them.',
        '  missing: column public.runs.currency',
        '  alter table "public"."runs" add column "currency" text;',
      ],
    })
    expect(await adopt({ applied: ['1_runs', '2_index', '3_cost'] })).toMatchObject({ pending: [] })
    expect((await findings(read, options)).toSorted()).toEqual([
      'object_different column public.runs.state',
      'object_missing column public.runs.currency',
      'object_missing index public.runs.runs_state',
    ])
  })

  test('one that only changes rows has to be decided, before and right behind what is in effect', async () => {
    const { adopt, assessment } = await world(`${runs} ${cost}`, rows)
    await expect(adopt()).rejects.toMatchObject({
      code: 'adoption_undecided',
      message: 'The schema does not show whether 2_rows, 4_more were applied. Nothing was changed.',
      where: database.address,
      remedy: 'Look at the rows, and say it for each: --applied NAME or --not-applied NAME.',
      details: ['2_rows: it changes nothing of the schema.', '4_more: it changes nothing of the schema.'],
    })
    expect(await adopt({ applied: ['2_rows'], notApplied: ['4_more'] })).toMatchObject({
      adopted: ['1_runs', '2_rows', '3_cost'],
      // Behind one that is not in effect nothing has to be asked.
      pending: ['4_more', '5_index', '6_rest', '7_lost'],
    })
    expect(assessment.evidence.at(-1)).toMatchObject({
      verdict: 'unverifiable',
      reason: 'it does not run on an empty database',
    })
  })

  test('a gap is recorded as one only where the other order makes the same schema', async () => {
    const { adopt, read } = await world(`${runs} ${cost}`)
    expect(await adopt()).toMatchObject({ adopted: ['1_runs', '3_cost'], pending: ['2_index'] })
    const allow = { outOfOrder: ['2_index'] }
    expect(await migrate(engine, read, { allow })).toMatchObject({ pending: [] })
  })

  test('a gap that the later one depends on is refused', async () => {
    const { adopt } = await world(`${runs} ${index} ${cost} ${later['4_type.sql']}`, later)
    await expect(adopt({ notApplied: ['3_cost'] })).rejects.toMatchObject({
      code: 'adoption_out_of_order',
      message:
        '3_cost is not in effect and comes before 4_type, which is; applied in that order, 4_type fails: column "cost" of relation "runs" does not exist. Nothing was changed.',
      where: database.address,
      remedy:
        'Make by hand what is missing, and adopt again; or say that a migration counts as applied, with --applied NAME.',
    })
  })

  test('what has changed since it was looked at is not recorded', async () => {
    const { adopt } = await world(runs)
    await engine.session.script(index)
    await expect(adopt()).rejects.toMatchObject({
      code: 'adoption_mismatch',
      message: 'The database has changed since it was looked at. Nothing was recorded.',
      where: database.address,
      remedy: 'Run the same command again.',
    })
    expect((await engine.look()).applied).toEqual([])
  })

  test('is refused where there is a history', async () => {
    const { adopt, read } = await world(`${runs} ${index}`)
    await baseline(engine, read, { to: { kind: 'name', name: '1_runs' } })
    await expect(adopt()).rejects.toMatchObject({ code: 'already_managed' })
  })
})

describe('sme-assistant, whose files were run by hand', () => {
  const absolute = path.join(root, 'examples', 'sme-assistant', 'migrations')

  test.each([15, 18] as const)('is adopted on PostgreSQL %s, and its audit is clean', async (version) => {
    await using live = await openDatabase(await freshPostgresUrl(version))
    await using own = await openEngine(live)
    const files = await readMigrationFiles([{ path: 'migrations', absolute }])
    for (const { source } of files) await own.session.script(source)
    const options = optionsFor('sme')
    const assessment = await assess(own, files, options)
    expect(assessment.evidence.filter(({ verdict }) => verdict !== 'in_effect')).toEqual([])
    const decision = await settle(own, files, assessment, {}, options)
    const recorded = await recordDecision(own, files, { decision, decisions: {} }, { ...options, ...recording })
    expect(recorded).toMatchObject({ adopted: files.map(({ name }) => name), pending: [] })
    const { report } = await audit(own, files, { ...options, database: 'sme' })
    expect(report.findings.filter(({ kind }) => kind !== 'health')).toEqual([])
  })
})
