import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { commandLine, lines } from './command-line.ts'

const project = {
  'db,5%/metastore.toml':
    '[database.main]\nurl = "pglite:memory"\n\n[database.empty]\nurl = "pglite:memory"\nmigrations = ["none"]\n',
  'db,5%/migrations/001_threads.sql': 'create table threads (id bigint primary key, title text);\n',
  'db,5%/migrations/002_index.sql': 'create index threads_title on threads (title);\n',
}

// As in a pipeline: the repository is where the command runs, and the project a directory in it.
async function checked(format: string) {
  const line = commandLine(project)
  mkdirSync(path.join(line.directory, 'db,5%', 'none'))
  return line.run(`check --project db,5% --format ${format}`)
}

const message = 'Writes to threads wait until the index is built.'
const remedy =
  'Build it with CREATE INDEX CONCURRENTLY in a file with the line "-- metastore: no-transaction", or with the action add_index.'

test('findings become annotations, whose places and texts cannot end them', async () => {
  expect(await checked('github')).toEqual({
    status: 3,
    stdout: lines(
      `::warning file=db%2C5%25/migrations/002_index.sql,line=1,col=1,title=P1 H01 index_not_concurrent::${message}%0A${remedy}`,
    ),
    stderr: '',
  })
})

test('findings become a code quality report, with fingerprints that differ', async () => {
  const { status, stdout } = await checked('gitlab')
  expect(status).toBe(3)
  expect(JSON.parse(stdout)).toEqual([
    {
      description: `${message} ${remedy}`,
      check_name: 'H01 index_not_concurrent',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      severity: 'major',
      location: { path: 'db,5%/migrations/002_index.sql', lines: { begin: 1 } },
    },
  ])
})

test('findings become SARIF, each under its rule', async () => {
  const { stdout } = await checked('sarif')
  expect(JSON.parse(stdout)).toMatchObject({
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'metastore',
            rules: [
              {
                id: 'index_not_concurrent',
                properties: { hazard: 'H01' },
                shortDescription: { text: 'an index built without CONCURRENTLY' },
              },
            ],
          },
        },
        results: [
          {
            ruleId: 'index_not_concurrent',
            level: 'warning',
            message: { text: `${message} ${remedy}` },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'db%2C5%25/migrations/002_index.sql' },
                  region: { startLine: 1, startColumn: 1 },
                },
              },
            ],
          },
        ],
      },
    ],
  })
})

test('findings become a comment in Markdown, with the rewrite', async () => {
  const { stdout } = await checked('markdown')
  expect(stdout).toBe(
    lines(
      '### main',
      '',
      '2 migrations checked, 1 P1.',
      '',
      '| | where | what | what to do |',
      '| --- | --- | --- | --- |',
      `| P1 | \`db,5%/migrations/002_index.sql:1\` | ${message} (H01 index\\_not\\_concurrent) | ${remedy.replace('add_index', 'add\\_index')} |`,
      '',
      '<details><summary><code>db,5%/migrations/002\\_index.sql</code> without the hazard, as an action</summary>',
      '',
      '```toml',
      '[[actions]]',
      'type = "add_index"',
      'table = "threads"',
      '',
      '[actions.index]',
      'name = "threads_title"',
      'columns = [ "title" ]',
      '```',
      '',
      '</details>',
      '',
      '### empty',
      '',
      '0 migrations checked, nothing found.',
    ),
  )
})
