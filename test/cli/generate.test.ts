import { describe, expect, test } from 'vitest'
import { commandLine, lines } from './command-line.ts'

const runs = `create table runs (id bigint generated always as identity primary key, state text not null);\n`
const files = {
  'metastore.toml': '[database.main]\nurl = "pglite:data"\n',
  'migrations/001_runs.sql': `${runs}create index runs_state on runs (state);\n`,
}
const schema = `
create type mood as enum ('good', 'bad');
create table runs (
  id bigint generated always as identity primary key, status text not null, cost bigint, mood mood not null default 'good'
);
create index runs_status on runs (status) where cost is not null;
create view cheap as select id, status from runs where cost < 10;
`

describe('generate', () => {
  test('writes the way to the desired state and back, and finds nothing the second time', async () => {
    const line = commandLine({ ...files, 'schema.sql': schema })
    const refused = await line.run('generate --from schema.sql')
    expect(refused).toMatchObject({ status: 2, stdout: '' })
    expect(refused.stderr).toBe(
      lines(
        'error [rename_undecided] schema.sql may have renamed something: runs.state to status.',
        '  at schema.sql',
        '  --rename runs.state=status, or --not-renamed runs.state=status where one goes and the other is new',
        '  next: Say of each which of the two it is, with the same command.',
      ),
    )
    expect((await line.run('generate --from schema.sql --not-renamed runs.state=status')).stderr).toBe(
      lines(
        'error [generate_loses_data] What schema.sql says can be reached only by losing data: drop column public.runs.state.',
        '  at schema.sql',
        '  next: Put it back into schema.sql, or allow it with --allow-data-loss.',
      ),
    )

    const words = 'generate --from schema.sql --rename runs.state=status new shape'
    expect(await line.run(words)).toMatchObject({ status: 0, stdout: lines('Created migrations/002_new_shape.sql') })
    expect(line.read('migrations/002_new_shape.sql')).toMatch(
      /^alter table "public"."runs" rename column "state" to "status";\n/,
    )
    const nothing = lines('Nothing to generate: the migrations make what schema.sql says.')
    expect(await line.run('generate --from schema.sql')).toMatchObject({ status: 0, stdout: nothing })

    // There and back and there again, as an audit sees it.
    for (const command of ['migrate', 'rollback', 'migrate'])
      expect(await line.run(command)).toMatchObject({ status: 0 })
    expect(await line.json('audit')).toMatchObject({ status: 0, document: { databases: [{ findings: [] }] } })
  })

  test('prints and writes nothing with --dry-run', async () => {
    const line = commandLine({
      ...files,
      'schema.sql': `${runs}create index runs_state on runs (state);\ncreate table notes (id int primary key);`,
    })
    const { status, document } = await line.json('generate --from schema.sql --dry-run')
    expect({ status, document }).toMatchObject({ status: 0, document: { created: null, losses: [], unrendered: [] } })
    expect(JSON.stringify(document)).toContain('create table \\"public\\".\\"notes\\"')
    expect(line.exists('migrations/002_schema.sql')).toBe(false)
  })

  test('says where the desired state is wrong, and what is missing on the command line', async () => {
    const line = commandLine({ ...files, 'schema.sql': 'create table a (id int);\ncreate table b (x nonesuch);\n' })
    expect(await line.run('generate --from schema.sql')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [schema_file_invalid] type "nonesuch" does not exist.',
        '  at schema.sql:2:19',
        '  next: Check the name, and whether what creates it has been run.',
      ),
    })
    expect((await line.run('generate')).stderr).toContain('generate needs to know the desired state.')
    expect((await line.run('generate --from nowhere.sql')).stderr).toBe(
      lines(
        'error [file_unreadable] nowhere.sql cannot be read: it does not exist.',
        '  at nowhere.sql',
        '  next: Check the path: of --from it is relative to where you are, of the setting models to metastore.toml.',
      ),
    )
    expect((await line.run('revision -m x --rename a=b')).stderr).toBe(
      lines(
        'error [usage] --rename means something with --autogenerate only.',
        '  at metastore revision',
        '  next: Add --autogenerate, or leave it out.',
      ),
    )
    line.write('schema.sql', runs)
    expect((await line.run('generate --from schema.sql --rename nothing=x')).stderr).toContain(
      '--rename nothing=x names no table or column that the migrations make.',
    )
  })
})
