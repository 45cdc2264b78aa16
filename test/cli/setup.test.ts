import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines } from './command-line.ts'

const project = {
  'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
  'migrations/001_agents.sql': 'create table agents (name text primary key, model text not null);\n',
  'seeds/001_agents.json': JSON.stringify({
    table: 'agents',
    rows: [
      { name: 'ada', model: 'small' },
      { name: 'bob', model: 'large' },
    ],
    expect: [{ table: 'agents', count: 2 }],
  }),
}

describe('setup', () => {
  test('migrates, seeds and verifies; a second run changes nothing and says so of each step', async () => {
    const line = commandLine(project)
    expect(await line.run('setup')).toEqual({
      status: 0,
      stdout: lines(
        'Migrating sqlite:app.db: 1 migration to apply',
        '  applied 001_agents  DURATION',
        'Done: 1 migration applied, it is at 001_agents.',
        'Seeding sqlite:app.db: 1 file',
        '  applied   seeds/001_agents.json  DURATION',
        '            agents: 2 inserted',
        '  as expected agents: 2 rows',
        'Done: 1 file applied, 2 inserted, 0 updated, 0 removed, 0 unchanged.',
        'Verified sqlite:app.db: 1 expectation met.',
      ),
      stderr: '',
    })
    expect(await line.run('setup')).toEqual({
      status: 0,
      stdout: lines(
        'Nothing to apply to sqlite:app.db: it is at 001_agents.',
        'Nothing to seed in sqlite:app.db: 1 file applied as they are.',
        '  as expected agents: 2 rows',
        'Verified sqlite:app.db: 1 expectation met.',
      ),
      stderr: '',
    })
  })

  test('names every variable and key that the seeds lack before anything is begun', async () => {
    const line = commandLine({
      ...project,
      'seeds/002_keys.yaml':
        'table: agents\nrows:\n  - { name: { $env: AGENT_NAME }, model: { $encrypt: { $env: API_KEY } } }\n',
      'seeds/003_test.yaml': 'table: agents\nenvironments: [test]\nrows: [{ name: { $env: TESTER }, model: small }]\n',
    })
    const refused = await line.run('setup')
    expect(refused).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [seed_invalid] The environment variable AGENT_NAME is not set.',
        '  at seeds/002_keys.yaml:3:15',
        '  2 more problems:',
        '  seeds/002_keys.yaml:3:56: The environment variable API_KEY is not set.',
        '    Set it, in the environment or in .env, or give a default beside $env.',
        '  seeds/002_keys.yaml:3:44: There is no key to encrypt this value with.',
        '    Set FERNET_KEY; metastore keys generate makes one.',
        '  next: Set it, in the environment or in .env, or give a default beside $env.',
      ),
    })
    expect(line.exists('app.db')).toBe(false)
  })

  test('stops at the first failure, and goes on from there when it is mended', async () => {
    const line = commandLine({ ...project, 'seeds/002_more.sql': 'insert into nowhere values (1);\n' })
    const failed = await line.run('setup')
    expect([failed.status, failed.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^Stopped at seed\. What is done stays: run the same command again, and it goes on there\.\nerror \[statement_failed\] no such table: nowhere/,
      ) as string,
    ])
    line.write('seeds/002_more.sql', "insert into agents values ('cyd', 'small') on conflict do nothing;\n")
    line.write('seeds/003_count.json', '{ "expect": [{ "table": "agents", "count": 3 }] }')
    line.write('seeds/001_agents.json', line.read('seeds/001_agents.json').replace('"count":2', '"count":3'))
    expect(await line.run('setup')).toMatchObject({ status: 0, stderr: '' })
  })

  test('fails when what the seeds expect is not so any more, though there is nothing to seed', async () => {
    const line = commandLine(project)
    await line.run('setup')
    line.write('migrations/002_retire.sql', "delete from agents where name = 'bob';\n")
    line.write('seeds/001_agents.json', JSON.stringify({ expect: [{ table: 'agents', count: 2 }] }))
    const { status, stdout, stderr } = await line.run('setup')
    expect([status, stdout]).toEqual([1, expect.stringContaining('applied 002_retire') as string])
    expect(stderr).toContain(
      'error [seed_expectation_failed] The seed set seeds was applied, and an expectation of it is not met.',
    )
    const again = await line.json('setup')
    expect(again).toMatchObject({ status: 1, document: { ok: false, error: { code: 'seed_expectation_failed' } } })
  })

  test('audits at the end, and a finding of P1 or worse makes the exit status 3', async () => {
    const files = {
      ...project,
      'metastore.toml': `[database.main]\nurl = "${await freshPostgresUrl(18)}"\n`,
      'migrations/002_index.sql': 'create index agents_model_idx on agents (model);\n',
    }
    const line = commandLine(files)
    const { status, stdout } = await line.run('setup')
    expect([status, stdout]).toEqual([0, expect.stringMatching(/: 2 migrations, \d+ objects, 0 findings\.\n$/)])
    line.write('seeds/002_drop.sql', 'drop index agents_model_idx;\n')
    expect(await line.run('setup')).toMatchObject({
      status: 3,
      stdout: expect.stringContaining('Index public.agents.agents_model_idx is missing') as string,
    })
    expect((await line.run('setup --no-audit')).status).toBe(0)
  })

  test('leaves nothing of the replay for the audit that it has begun, when it stops before that', async () => {
    const line = commandLine({
      ...project,
      'metastore.toml': `[database.main]\nurl = "${await freshPostgresUrl(18)}"\n`,
      'migrations/000_bad.sql': 'select nonsense;\n',
    })
    expect(await line.run('setup')).toMatchObject({ status: 1 })
    const directory = path.join(line.directory, '.metastore/shadow/main')
    const left = existsSync(directory) ? readdirSync(directory) : []
    // One that was quicker than the failure is kept.
    expect(left.filter((name) => !left.includes('embedded-outcome.json.gz') || name.includes('.lock'))).toEqual([])
  })

  test('replays nothing again, also where the server leaves out what waits for an extension', async () => {
    const line = commandLine({
      ...project,
      'metastore.toml': `[database.main]\nurl = "${await freshPostgresUrl(18)}"\n`,
      'migrations/002_meaning.sql': '-- metastore: extension=vector\ncreate extension vector;\n',
    })
    const outcome = path.join(line.directory, '.metastore/shadow/main/embedded-outcome.json.gz')
    expect((await line.run('setup')).stdout).toContain('1 migration, ')
    const { ino } = statSync(outcome)
    expect((await line.run('setup')).stdout).toContain('1 migration, ')
    expect(statSync(outcome).ino).toBe(ino)
  })
})
