import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { Progress } from '@modelcontextprotocol/sdk/types.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkout, metastore } from '../harness/child.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { plainEnvironment } from '../harness/example-copy.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

const secret = 'hunter2-of-the-database'

interface Answer {
  readonly isError: boolean
  readonly document: Record<string, unknown>
}

/** A session of an agent with the server, as a process of its own. */
interface AgentSession {
  readonly client: Client
  /** Everything that the server has answered, as text. */
  readonly said: string[]
  call(name: string, given?: Record<string, unknown>, onprogress?: (told: Progress) => void): Promise<Answer>
}

// As long as a test has: a busy machine must not decide.
const patient = { timeout: 110_000 }

async function connect(
  project: CommandLine,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<AgentSession> {
  const client = new Client({ name: 'agent', version: '1.0.0' })
  const failures: Error[] = []
  Object.assign(client, { onerror: (error: Error) => failures.push(error) })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [path.join(checkout, 'bin/metastore'), 'mcp', ...words],
      cwd: project.directory,
      env: plainEnvironment(env) as Record<string, string>,
      stderr: 'ignore',
    }),
    patient,
  )
  const said: string[] = []
  return {
    client,
    said,
    async call(name, given = {}, onprogress) {
      const { content, structuredContent, isError } = await client.callTool(
        { name, arguments: given },
        undefined,
        onprogress === undefined ? patient : { ...patient, onprogress },
      )
      const [{ text }] = content as [{ text: string }]
      said.push(text)
      // What is no message of the protocol on standard output is an error of the client.
      expect(failures).toEqual([])
      if (structuredContent !== undefined) expect(JSON.parse(text)).toEqual(structuredContent)
      return { isError: isError === true, document: (structuredContent ?? { text }) as Record<string, unknown> }
    },
  }
}

// The first start on changed sources builds them.
beforeAll(async () => {
  await metastore(['--help'])
})

const readingTools = ['status', 'plan', 'check', 'audit', 'show', 'docs', 'explain_error']

describe('tools that only read', () => {
  let agent: AgentSession
  const project = commandLine({
    'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
    'migrations/001_users.sql': 'create table users (id integer primary key);\n',
  })

  beforeAll(async () => {
    agent = await connect(project, [])
  })
  afterAll(() => agent.client.close())

  test('are all that there is, unless writes are allowed', async () => {
    const { tools } = await agent.client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(readingTools)
    for (const { annotations, description, inputSchema } of tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false })
      expect(description?.length).toBeGreaterThan(40)
      expect(inputSchema.type).toBe('object')
    }
    expect((await agent.call('migrate')).isError).toBe(true)
  })

  test('answer with the JSON of the commands, and leave no trace in the database', async () => {
    for (const [tool, given, words] of [
      ['status', {}, 'status'],
      ['plan', { to: '+1' }, 'plan +1'],
      ['check', {}, 'check'],
      ['show', { what: '001' }, 'show 001'],
      ['docs', { page: 'agents' }, 'docs agents'],
      ['docs', { search: 'row-level security' }, ''],
      ['explain_error', { code: 'H01' }, 'docs --explain H01'],
    ] as const) {
      const { document, isError } = await agent.call(tool, given)
      const asked =
        words === '' ? ['docs', '--search', 'row-level security', '--json'] : [...words.split(' '), '--json']
      const { stdout } = await project.runWords(asked)
      expect(isError).toBe(false)
      expect(document).toEqual(JSON.parse(stdout))
    }
    expect(project.exists('app.db')).toBe(false)
  })

  test('tell an error with its code and remedy', async () => {
    expect(await agent.call('show', { what: '009' })).toMatchObject({
      isError: true,
      document: { command: 'show', ok: false, error: { code: 'migration_unknown' } },
    })
    // It is no checkout of git.
    expect(await agent.call('check', { since: 'origin/main' })).toMatchObject({
      isError: true,
      document: { command: 'check', ok: false, error: { code: 'usage', where: '--since' } },
    })
  })

  test('take no option for an argument', async () => {
    const { isError, document } = await agent.call('show', { what: '--url=sqlite:other.db' })
    expect(isError).toBe(true)
    expect(document['text']).toContain('It must not begin with a dash.')
    expect(project.exists('other.db')).toBe(false)
  })
})

describe('tools that write', () => {
  let agent: AgentSession
  let url: string
  const project = commandLine({
    'metastore.toml': '[database.main]\nurl = "${DATABASE_URL}"\n',
    'migrations/001_users.sql': 'create table users (id bigint primary key, name text);\n',
    // Whoever writes migrations in code prints things, and may print what nobody should see.
    'migrations/002_loud.mjs': `
export async function up({ db, sql }) {
  console.log('{ "jsonrpc": "2.0" }')
  console.log(process.env.DATABASE_URL)
  await db.query(sql\`create table loud (id bigint primary key)\`)
}
`,
    'seeds/010_users.yaml': 'table: users\nkey: [id]\nrows:\n  - { id: 1, name: Ada }\n',
  })

  beforeAll(async () => {
    const target = new URL(await freshPostgresUrl(18))
    target.password = secret
    url = target.href
    agent = await connect(project, ['--allow-writes'], { DATABASE_URL: url })
  })
  afterAll(() => agent.client.close())

  const nothingChanged = async () => (await agent.call('status')).document['databases']

  test('are marked as such, and come after those that read', async () => {
    const { tools } = await agent.client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      ...readingTools,
      ...['migrate', 'start', 'complete', 'abort', 'plan_seeds', 'seed'],
    ])
    expect(tools.filter(({ annotations }) => annotations?.destructiveHint).map(({ name }) => name)).toEqual([
      ...['migrate', 'start', 'complete', 'abort', 'seed'],
    ])
  })

  test('migrate applies the plan that was shown, and no other', async () => {
    const unknown = '0'.repeat(32)
    expect(await agent.call('migrate', { plan_hash: unknown })).toEqual({
      isError: true,
      document: {
        command: 'migrate',
        ok: false,
        error: {
          code: 'plan_stale',
          message:
            'The plan_hash is not that of a plan made in this session for this database, or the plan has changed. Nothing was changed.',
          where: 'plan_hash',
          remedy: 'Call plan again, read what it says, and give its plan_hash.',
          details: [],
        },
      },
    })
    const first = await agent.call('plan', { to: '001' })
    expect(first.document).toMatchObject({ ok: true })
    const all = await agent.call('plan')
    expect(all.document['plan_hash']).not.toBe(first.document['plan_hash'])
    const told: Progress[] = []
    const applied = await agent.call('migrate', { plan_hash: all.document['plan_hash'] }, (one) => told.push(one))
    expect(applied.document).toMatchObject({
      ok: true,
      databases: [{ applied: [{ name: '001_users' }, { name: '002_loud' }], pending: [] }],
    })
    // A machine that is slow tells some of it again.
    expect([...new Set(told.map(({ message }) => message))]).toEqual(
      expect.arrayContaining(['migrate: 0 of 2', 'migrate: 0 of 2, 001_users', 'migrate: 1 of 2, 002_loud']),
    )
    const numbers = told.map(({ progress }) => progress)
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    expect(await agent.call('migrate', { plan_hash: first.document['plan_hash'] })).toMatchObject({
      document: { databases: [{ applied: [] }] },
    })
  })

  test('seed writes the rows that were shown, and refuses when they are others by now', async () => {
    const plan = await agent.call('plan_seeds')
    project.write('seeds/010_users.yaml', project.read('seeds/010_users.yaml').replace('Ada', 'Grace'))
    expect(await agent.call('seed', { plan_hash: plan.document['plan_hash'] })).toMatchObject({
      isError: true,
      document: {
        error: { code: 'plan_stale', remedy: 'Call plan_seeds again, read what it says, and give its plan_hash.' },
      },
    })
    const again = await agent.call('plan_seeds')
    expect(await agent.call('seed', { plan_hash: again.document['plan_hash'] })).toMatchObject({
      isError: false,
      document: { databases: [{ files: [{ state: 'applied', counts: { inserted: 1 } }] }] },
    })
  })

  test('abort and complete want the names of what is in progress', async () => {
    project.write(
      'migrations/003_email.toml',
      '[[actions]]\ntype = "add_column"\ntable = "users"\ncolumn = { name = "email", type = "TEXT" }\n',
    )
    const start = async () => {
      const { document } = await agent.call('plan')
      expect((await agent.call('start', { plan_hash: document['plan_hash'] })).document).toMatchObject({
        databases: [{ inProgress: ['003_email'] }],
      })
    }
    await start()
    const before = await nothingChanged()
    expect(await agent.call('complete', { confirm: 'yes' })).toEqual({
      isError: true,
      document: {
        command: 'complete',
        ok: false,
        error: {
          code: 'consent_needed',
          message: 'The confirmation does not name the migrations that are in progress. Nothing was changed.',
          where: 'confirm',
          remedy: 'Call status, make sure that this is meant, and give confirm: "003_email".',
          details: [],
        },
      },
    })
    expect(await nothingChanged()).toEqual(before)
    expect(await agent.call('abort', { confirm: '003_email' })).toMatchObject({
      document: { databases: [{ outcome: 'aborted' }] },
    })
    await start()
    expect(await agent.call('complete', { confirm: '003_email' })).toMatchObject({
      document: { databases: [{ outcome: 'completed' }] },
    })
    expect(await agent.call('complete', { confirm: '003_email' })).toMatchObject({
      document: { error: { remedy: 'Nothing is in progress on this database; call status to see where it stands.' } },
    })
  })

  test('no answer of the session holds the password', () => {
    expect(agent.said.length).toBeGreaterThan(10)
    expect(agent.said.join('\n')).not.toContain(secret)
  })
})

test('the session in the guide is one that took place', async ({ annotate }) => {
  const project = commandLine({
    'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
    'migrations/001_users.sql': 'create table users (id integer primary key);\n',
  })
  await project.run('migrate')
  project.write('migrations/002_runs.sql', 'create table runs (id integer primary key, cost integer);\n')
  const agent = await connect(project, ['--allow-writes'])
  const transcript: string[] = []
  const say = async (name: string, given: Record<string, unknown> = {}) => {
    const { document } = await agent.call(name, given)
    transcript.push(`-> ${name} ${JSON.stringify(given)}`, JSON.stringify(document, null, 2), '')
    return document
  }
  await say('plan')
  await say('migrate', { plan_hash: 'f'.repeat(32) })
  const hash = /"plan_hash": "(\w+)"/.exec(agent.said[0] ?? '')?.[1] ?? ''
  await say('migrate', { plan_hash: hash })
  await agent.client.close()
  const shown = transcript
    .join('\n')
    .trimEnd()
    .replaceAll(hash, '8c1f0d6b2a9e4753b6d0c2f49a7e1835')
    .replaceAll(/"durationMs": \d+/g, '"durationMs": 4')
  // `--reporter=verbose` shows it.
  await annotate(shown)
  expect(readFileSync(path.join(checkout, 'docs/guides/mcp.md'), 'utf8')).toContain(`\`\`\`text\n${shown}\n\`\`\`\n`)
})

test('a call that is cancelled stops as with Ctrl-C, and one whose process ends says so', async () => {
  const project = commandLine({
    'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
    'migrations/001_wait.mjs': `
import { writeFileSync } from 'node:fs'
export async function up({ db, sql, signal }) {
  const alive = setInterval(() => {}, 1000)
  const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve))
  writeFileSync('begun', '')
  await stopped
  clearInterval(alive)
  await db.query(sql\`select 1\`)
}
`,
  })
  const agent = await connect(project, ['--allow-writes'])
  const { document } = await agent.call('plan')
  const abort = new AbortController()
  const given = { name: 'migrate', arguments: { plan_hash: document['plan_hash'] } }
  const cancelled = agent.client.callTool(given, undefined, { ...patient, signal: abort.signal })
  const refused = expect(cancelled).rejects.toThrow('no longer wanted')
  await expect.poll(() => project.exists('begun')).toBe(true)
  abort.abort('no longer wanted')
  await refused
  expect((await agent.call('status')).document).toMatchObject({ databases: [{ applied: [], pending: ['001_wait'] }] })

  // A migration in code may end its process; the server goes on.
  project.write('migrations/001_wait.mjs', 'export async function up() {\n  process.exit(0)\n}\n')
  const plan = await agent.call('plan')
  expect(await agent.call('migrate', { plan_hash: plan.document['plan_hash'] })).toEqual({
    isError: true,
    document: {
      command: 'migrate',
      ok: false,
      error: {
        code: 'bug',
        message: 'metastore migrate ended without an answer.',
        where: null,
        remedy: 'Run metastore migrate in a terminal to see what it says.',
        details: [],
      },
    },
  })
  await agent.client.close()
})

test('ends when the other side has closed its end, and says nothing but the protocol on standard output', async () => {
  const { status, stdout } = await metastore(['mcp', '--allow-writes', '--json'], { cwd: commandLine().directory })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
})

test('where no streams are given there is nothing to speak over', async () => {
  expect(await commandLine().run('mcp')).toEqual({
    status: 2,
    stdout: '',
    stderr: lines(
      'error [not_supported] metastore mcp speaks over standard input and output, which this program has not given it.',
      '  at metastore mcp',
      '  next: Run it as a process of its own: metastore mcp.',
    ),
  })
})
