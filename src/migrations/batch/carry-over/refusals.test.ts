import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../../test/harness/engines.ts'
import { type Database, openDatabase, type Session } from '../../../database/database.ts'
import type { CarriedOver } from '../carry-over.ts'
import type { Remark } from './carrying.ts'
import { plan, type Rehearsal } from '../../../../test/harness/rehearsal.ts'

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

const recreate = 'Drop it in a migration before this one, and create it again in one after it.'
const addAgain = 'Drop it in a migration before this one, and add it again in one after it.'

describe.each(targets)('On $name, a column is not replaced when', (target) => {
  let database: Database
  let session: Session
  let major: number

  beforeAll(async () => {
    database = await openDatabase(await target.freshUrl())
    session = await database.session()
    major = database.server.major
    await session.script('create extension if not exists btree_gist').catch(() => undefined)
  })
  beforeEach(async () => {
    await session.script('drop schema if exists app cascade; create schema app;')
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  const carried = async (definition: string, rehearsal: Partial<Rehearsal> = {}): Promise<CarriedOver> => {
    await session.script(definition)
    const table = { schema: 'app', name: 'runs' }
    const columns = { cost: { type: 'bigint' } }
    return (await plan(session, major, { table, columns, ...rehearsal })).carried
  }
  const problems = async (definition: string, rehearsal?: Partial<Rehearsal>): Promise<readonly Remark[]> =>
    (await carried(definition, rehearsal)).problems

  test('an exclusion constraint covers it', async () => {
    expect(
      await problems(`create table app.runs (cost int4range, constraint runs_apart exclude using gist (cost with &&))`),
    ).toEqual([
      {
        message:
          'The exclusion constraint runs_apart of runs covers a column that is replaced, and PostgreSQL can build one only while nobody writes.',
        remedy: addAgain,
      },
    ])
  })

  test('a key or unique constraint of a partitioned table covers it', async () => {
    expect(
      await problems(
        `create table app.runs (id int, cost int, constraint runs_key unique (id, cost)) partition by list (id)`,
      ),
    ).toEqual([
      {
        message:
          'The constraint runs_key of runs covers a column that is replaced, and PostgreSQL cannot make it from an index that was built without blocking writers.',
        remedy: addAgain,
      },
    ])
  })

  test('the table is partitioned by it, or it is inherited', async () => {
    expect(await problems(`create table app.runs (cost int, at date) partition by range (at, (cost + 1))`)).toEqual([
      {
        message: 'The table runs is partitioned by its column cost, which therefore cannot be replaced.',
        remedy: 'Make a new table with create_table and its up, and remove this one.',
      },
    ])
    await session.script('drop schema app cascade; create schema app')
    expect(await problems(`create table app.base (cost int); create table app.runs () inherits (app.base)`)).toEqual([
      {
        message: 'The column cost of runs is inherited from another table.',
        remedy: 'Alter the column of the table that it is inherited from.',
      },
    ])
  })

  test('a generated column is computed from it', async () => {
    expect(await problems(`create table app.runs (cost int, twice int generated always as (cost * 2) stored)`)).toEqual(
      [
        {
          message: 'The generated column twice of runs is computed from a column that is replaced.',
          remedy: 'Remove it in a migration before this one, and add it again in one after it.',
        },
      ],
    )
  })

  test('a trigger names it after UPDATE OF or in its condition, and not when it only might', async () => {
    const message = (name: string) =>
      `The trigger ${name} of runs names a column that is replaced, after UPDATE OF or in its WHEN clause.`
    expect(
      await problems(`
        create table app.runs (cost int, tag text);
        create function app.touch() returns trigger language plpgsql as $$ begin return new; end $$;
        create trigger of_cost after update of cost, tag on app.runs for each row execute function app.touch();
        create trigger when_cost before insert on app.runs for each row when (new.cost > 1) execute function app.touch();
        create trigger of_tag after update of tag on app.runs for each row when (new.tag <> 'cost')
          execute function app.touch('cost');`),
    ).toEqual([
      { message: message('of_cost'), remedy: recreate },
      { message: message('when_cost'), remedy: recreate },
    ])
  })

  test('a rule or an SQL body names it', async () => {
    const atomic =
      major < 14
        ? ''
        : `create function app.total() returns bigint begin atomic select sum(runs.cost) from app.runs; end;
           create function app.one(r app.runs) returns int return (r).cost;`
    expect(
      await problems(`
        create table app.runs (cost int, tag text);
        create rule keep as on delete to app.runs where old.cost > 1 do instead nothing;
        create rule mark as on insert to app.runs do also notify tags;
        create function app.of_tag() returns text language sql as $$ select tag from app.runs $$;
        ${atomic}`),
    ).toEqual([
      { message: 'The rule keep of runs names a column that is replaced.', remedy: recreate },
      ...(major < 14
        ? []
        : [
            { message: 'The function one names a column that is replaced in its SQL body.', remedy: recreate },
            { message: 'The function total names a column that is replaced in its SQL body.', remedy: recreate },
          ]),
    ])
  })

  test('a publication names it', async () => {
    const columns = major >= 15 ? ' (id, cost) where (id > 1)' : ''
    const found = await problems(`
      create table app.runs (id int primary key, cost int);
      drop publication if exists changes; create publication changes for table app.runs${columns};`)
    await session.script('drop publication changes')
    const published = {
      message: 'The publication changes names a column of runs that is replaced, in its column list or row filter.',
      remedy: 'Take the table out of the publication before this migration, and add it again after it.',
    }
    expect(found).toEqual(major >= 15 ? [published] : [])
  })

  test('a materialized view, or a view that cannot be written anew, reads it', async () => {
    expect(
      await problems(`
        create table app.runs (id int, cost int);
        create table app.notes (id int, cost int);
        create materialized view app.sums as select sum(cost) from app.runs;
        create view app.all_of as select * from app.runs join app.notes using (id, cost);
        create view app.plain as select cost from app.runs;
        create function app.touch() returns trigger language plpgsql as $$ begin return new; end $$;
        create trigger instead_of instead of insert on app.plain for each row execute function app.touch();
        create table app.kept (plain app.plain[]);
        create policy seen on app.kept using (exists (select from app.plain where plain.cost > 1));
        create function app.plains() returns setof app.plain language sql as 'select * from app.plain';
        create materialized view app.top as select max(cost) as most from app.plain;`),
    ).toEqual([
      {
        message: 'The view all_of reads cost in a way that cannot be rewritten, such as JOIN … USING.',
        remedy: recreate,
      },
      { message: 'The view plain reads a column that is replaced, and has the trigger instead_of.', remedy: recreate },
      ...['the policy seen of kept', 'the column plain of kept', 'the function plains'].map((holder) => ({
        message: `The view plain reads a column that is replaced, and ${holder} depends on the view.`,
        remedy: recreate,
      })),
      {
        message: 'The materialized view sums reads a column that is replaced, and would have to be filled again.',
        remedy: recreate,
      },
      {
        message: 'The materialized view top reads a column that is replaced, and would have to be filled again.',
        remedy: recreate,
      },
    ])
  })

  test('a policy uses it in a way that cannot be rewritten', async () => {
    expect(
      await problems(`
        create table app.runs (id int, cost int);
        create table app.notes (id int, cost int);
        create policy joined on app.notes using (exists (select from app.runs join app.notes n using (cost)));`),
    ).toEqual([
      {
        message: 'The policy joined of notes uses a column that is replaced in a way that cannot be rewritten.',
        remedy:
          'Write the policy without JOIN … USING and column aliases, or drop it before this migration and create it again after it.',
      },
    ])
  })

  test('it is an identity column and its new type cannot be one', async () => {
    expect(
      await problems(`create table app.runs (cost int generated always as identity)`, {
        columns: { cost: { type: 'uuid' } },
      }),
    ).toEqual([
      {
        message: 'The column cost of runs is an identity column, and one of type uuid cannot be.',
        remedy: 'Give the change a default, which then takes the place of the identity.',
      },
    ])
    expect(await problems('', { columns: { cost: { type: 'uuid', default: 'gen_random_uuid()' } } })).toEqual([])
  })

  test('a foreign key cannot follow', async () => {
    expect(
      await problems(
        `create table app.runs (id int, cost int unique, constraint runs_key unique (id) include (cost));
         create table app.notes (run_cost int constraint notes_cost_fkey references app.runs (cost),
           run_id int constraint notes_id_fkey references app.runs (id));`,
        { removedConstraints: new Set(['runs_cost_key']) },
      ),
    ).toEqual([
      {
        message: 'The foreign key notes_cost_fkey of notes refers to a column of runs whose unique index is not kept.',
        remedy: 'Keep the unique index, or remove the foreign key too.',
      },
      {
        message:
          'The foreign key notes_id_fkey of notes needs the index runs_key of runs, which includes a column that is replaced.',
        remedy: 'Remove the foreign key in a migration before this one, and add it again in one after it.',
      },
    ])
  })

  test('a foreign key of a partitioned table covers it, before PostgreSQL 18', async () => {
    expect(
      await problems(`
        create table app.agents (id int primary key);
        create table app.runs (id int, cost int constraint runs_fkey references app.agents) partition by list (id);`),
    ).toEqual(
      major >= 18
        ? []
        : [
            {
              message:
                'The foreign key runs_fkey of runs covers a column that is replaced, and before version 18 PostgreSQL cannot add one to a partitioned table without blocking writers.',
              remedy: 'Remove it in a migration before this one, and add it again in one after it.',
            },
          ],
    )
  })

  test('nothing is wrong, but there is a warning for what may be', async () => {
    const { problems, warnings } = await carried(`
      create table app.runs (cost int unique, constraint runs_pkey primary key (cost) deferrable);
      create table app.notes (cost int constraint notes_fkey references app.runs (cost));
      alter table app.notes disable trigger all;
      create function app.spent() returns int language plpgsql as $$ begin return (select max("Cost") from app.runs); end $$;
      create function app.about() returns int language sql as 'select 1 /* runs */';
      create function app.touch() returns trigger language plpgsql as $$ begin new.cost = 1; return new; end $$;
      create trigger touch before insert on app.runs for each row execute function app.touch();
      insert into app.runs values (1);
    `)
    expect(problems).toEqual([])
    const remedy =
      'See that it works before and after the change; what the text of a function means cannot be told from here.'
    expect(warnings).toEqual([
      {
        message:
          'The primary key of runs is deferrable, and until the batch is complete the one that takes its place is checked at each statement.',
        remedy: 'See that no transaction relies on duplicates in between, or complete the batch soon.',
      },
      {
        message:
          'The foreign key notes_fkey of notes has its triggers disabled, and the one that takes its place will have them enabled.',
        remedy: 'Disable them again when the batch is complete, if that is wanted.',
      },
      ...['spent', 'touch'].map((name) => ({
        message: `The function ${name} mentions cost in its source, which may be what is replaced in runs.`,
        remedy,
      })),
    ])
  })

  test('an invalid index is not built again, and a warning says so', async () => {
    await session.script('create table app.runs (cost int); insert into app.runs values (1), (1);')
    await expect(session.script('create unique index concurrently runs_cost_key on app.runs (cost)')).rejects.toThrow(
      'could not create unique index',
    )
    const { build, warnings } = await carried('')
    expect(build).toEqual([])
    expect(warnings).toEqual([
      {
        message: 'The index runs_cost_key of runs is invalid, so it goes with the column that is replaced.',
        remedy: 'Create it again when the batch is complete, if it is still wanted.',
      },
    ])
  })
})
