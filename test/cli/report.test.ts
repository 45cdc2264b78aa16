import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { openDatabase, raw } from '../../src/database/database.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

const project = {
  'metastore.toml': `[database.main]
url = "sqlite:app.db"

[[database.main.report]]
name = "Chat routing"
tables = ["agents", "tools"]
`,
  'migrations/001_agents.sql':
    'create table agents (name text primary key);\ncreate table tools (name text primary key);\n',
  'seeds/001_agents.json': JSON.stringify({
    table: 'agents',
    rows: [{ name: 'ada' }, { name: 'bob' }],
    expect: [{ table: 'agents', count: 2 }],
  }),
}

async function change(line: CommandLine, text: string): Promise<void> {
  await using database = await openDatabase(`sqlite:${path.join(line.directory, 'app.db')}`)
  await using session = await database.session()
  await session.query(raw(text))
}

describe('report', () => {
  test('writes what is there, verified and missing, and the same bytes as long as nothing changes', async () => {
    const line = commandLine(project)
    await line.run('setup')
    expect(await line.run('report')).toEqual({ status: 0, stdout: '  written  reports/chat-routing.md\n', stderr: '' })
    const document = line.read('reports/chat-routing.md')
    expect(document).toBe(
      lines(
        '# Chat routing',
        '',
        'Written by `metastore report` from the database `main`, which is at `001_agents`. Do not edit it: run the command again.',
        '',
        '## What is there',
        '',
        '| Table | Rows | Made by | Seeds |',
        '| --- | --- | --- | --- |',
        '| `main.agents` | 2 |   | `seeds/001_agents.json` |',
        '| `main.tools` | 0 |   |   |',
        '',
        '## What is verified',
        '',
        '- agents: 2 rows, as expected.',
        '- `main.agents`: 2 rows are as the seeds list them.',
        '',
        '## What is missing',
        '',
        'Nothing.',
      ),
    )
    expect(await line.run('report')).toEqual({
      status: 0,
      stdout: '  unchanged  reports/chat-routing.md\n',
      stderr: '',
    })
    expect(line.read('reports/chat-routing.md')).toBe(document)
  })

  test('says what is missing; --check writes nothing and exits 3 for a document that is stale', async () => {
    const line = commandLine(project)
    await line.run('setup')
    expect(await line.run('report --check')).toEqual({
      status: 3,
      stdout: '  missing  reports/chat-routing.md\n',
      stderr: '',
    })
    expect(line.exists('reports')).toBe(false)
    await line.run('report')
    expect((await line.run('report --check')).status).toBe(0)
    await change(line, "delete from agents where name = 'bob'")
    await change(line, 'drop table tools')
    expect(await line.json('report --check')).toMatchObject({
      status: 3,
      document: { databases: [{ documents: [{ file: 'reports/chat-routing.md', state: 'stale' }] }] },
    })
    await line.run('report --out other')
    expect(line.read('other/chat-routing.md')).toContain(
      lines(
        '## What is missing',
        '',
        '- The table `main.tools` is not there. Run `metastore migrate`, then `metastore audit`.',
        '- `main.agents`: of the rows of `seeds/001_agents.json`, 1 are missing and 0 different. Run `metastore seed --force`.',
        '- agents: expected 2 rows, found 1 row.',
      ),
    )
  })

  test('never says that nothing is missing where the seeds cannot be looked at', async () => {
    const line = commandLine({
      ...project,
      'seeds/002_more.yaml': 'table: tools\nrows_from: data/tools.csv\n',
      'seeds/data/tools.csv': 'name\nsaw\n',
    })
    await line.run('setup')
    line.write('seeds/data/tools.csv', 'name\nsaw,2\n')
    await line.run('report')
    expect(line.read('reports/chat-routing.md')).toContain(
      lines(
        '## What is missing',
        '',
        '- What the seeds say of these tables cannot be looked at: seeds/data/tools.csv:2:1: The row has 2 fields, and the header 1.',
      ),
    )
    await line.run('status --write status.yaml')
    expect(parse(line.read('status.yaml'))).toMatchObject({
      phases: {
        phase_2: {
          status: 'in_progress',
          tasks: [
            {},
            {},
            {
              name: 'what the files read is well-formed: seeds/data/tools.csv:2:1: The row has 2 fields, and the header 1.',
              status: 'pending',
            },
          ],
        },
      },
    })
  })

  test('refuses a report without tables', async () => {
    const line = commandLine({
      ...project,
      'metastore.toml': '[database.main]\n[[database.main.report]]\nname = "a"\n',
    })
    expect(await line.run('report')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Each report has a name and a list of tables, and nothing else.') as string,
    })
  })

  test('says which file it could not write', async () => {
    const line = commandLine({ ...project, reports: 'a file' })
    await line.run('setup')
    expect(await line.run('report')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /^error \[file_unwritable\] The file cannot be written: .*\n {2}at reports\/chat-routing\.md\n/,
      ) as string,
    })
  })
})

describe('status --write', () => {
  test('writes seven phases from the history, byte for byte the same as long as nothing changes', async () => {
    const line = commandLine(project)
    await line.run('setup')
    await line.run('report')
    expect((await line.run('status --write status.yaml')).stdout).toContain('Written to status.yaml.')
    const written = line.read('status.yaml')
    const document = parse(written) as { phases: Record<string, { name: string; status: string; start_date: string }> }
    expect(document).toMatchObject({
      database: 'main',
      status: 'ready',
      summary: { completed_phases: 7, pending_phases: 0, completion_percent: 100 },
    })
    expect(Object.entries(document.phases).map(([key, { name }]) => [key, name])).toEqual([
      ['phase_1', 'Infrastructure'],
      ['phase_2', 'Data files'],
      ['phase_3', 'Seed steps'],
      ['phase_4', 'Tracking documents'],
      ['phase_5', 'Run'],
      ['phase_6', 'Verification'],
      ['phase_7', 'Handoff'],
    ])
    await line.run('setup')
    await line.run('status --write status.yaml')
    expect(line.read('status.yaml')).toBe(written)
  })

  test('tells what is pending, and which data file is not well-formed', async () => {
    const line = commandLine({ ...project, 'seeds/002_bad.json': '{ "table": "agents", "rows": [{ "nam": "x" }] }' })
    await line.run('migrate')
    await line.run('status --write status.yaml')
    expect(parse(line.read('status.yaml'))).toMatchObject({
      status: 'in_progress',
      summary: { completed_phases: 1, pending_phases: 6, completion_percent: 14 },
      phases: {
        phase_1: { status: 'completed', tasks: [{}, { name: '1 of 1 migrations are applied', status: 'completed' }] },
        phase_2: {
          status: 'in_progress',
          end_date: null,
          tasks: [{ status: 'completed' }, { name: 'seeds/002_bad.json is well-formed', status: 'pending' }],
        },
        phase_3: { status: 'pending', start_date: null, end_date: null },
        phase_4: { status: 'pending' },
        phase_7: { status: 'pending' },
      },
    })
  })

  test('takes one database', async () => {
    const two = '[database.a]\nurl = "sqlite:app.db"\n[database.b]\nurl = "sqlite:b.db"\n'
    const line = commandLine({ ...project, 'metastore.toml': two })
    expect(await line.run('status --write status.yaml')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] --write status.yaml takes the report of one database, but the command is for 2.',
        '  next: Name the one that is meant, with --database NAME: "a", "b".',
      ),
    })
  })
})
