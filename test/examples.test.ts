import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { openDatabase, sql, type Dialect, type Session } from '../src/database/database.ts'
import { openTestDatabase } from '../src/testing.ts'
import { engines, freshPostgresUrl } from './harness/engines.ts'
import { copyExample, plainEnvironment, root } from './harness/example-copy.ts'
import { buildBeforeAll, describeReadme, metastore } from './harness/example-readme.ts'
import { freePort } from './harness/postgres-server.ts'
import { readSteps } from './harness/readme-commands.ts'
import { type Background, runCommand, startCommand } from './harness/shell-command.ts'

const example = path.join(root, 'examples', 'agentkit')
const readme = readFileSync(path.join(example, 'README.md'), 'utf8')
const migrations = ['001_initial_schema', '002_indexes_for_listing', '003_message_artifacts']

buildBeforeAll()

describeReadme('agentkit', {
  async place() {
    const server = (await freshPostgresUrl(18)).replace(/^\w+:\/\//, '')
    const port = await freePort()
    return {
      env: plainEnvironment({ PORT: String(port) }),
      database: 'sqlite:agentkit.db',
      port,
      stands: new Map([
        ['agentkit:secret@localhost:5432/agentkit', server],
        ['agentkit@localhost:5432/agentkit', server],
      ]),
    }
  },
  silent: [
    'npm test',
    'npx metastore show 001_initial_schema --applied > migrations/001_initial_schema.sql',
    'CREATE TABLE threads (id TEXT PRIMARY KEY)',
    'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TIMESTAMP)',
    'ALTER TABLE schema_migrations RENAME TO schema_migrations_before_metastore',
  ],
})

test('the README of agentkit shows steps of every kind', () => {
  expect(new Set(readSteps(readme).map(({ kind }) => kind))).toEqual(
    new Set(['command', 'background', 'query', 'request']),
  )
})

describe('the migrations of agentkit', () => {
  test.each(engines)('give $name the tables, columns and indexes that the application needs', async (engine) => {
    await using database = await openTestDatabase({
      url: await engine.freshUrl(),
      migrations: [path.join(example, 'migrations')],
    })
    await using session = await database.session()
    expect(await readColumns(session, database.dialect)).toEqual({
      threads: {
        id: 'VARCHAR(36)',
        title: 'VARCHAR(255)',
        agent_type: 'VARCHAR(50)',
        model: 'VARCHAR(100)',
        provider: 'VARCHAR(50)',
        created_at: 'TIMESTAMPTZ',
        updated_at: 'TIMESTAMPTZ',
      },
      messages: {
        id: 'VARCHAR(36)',
        thread_id: 'VARCHAR(36)',
        role: 'VARCHAR(20)',
        content: 'TEXT',
        artifact_data: 'TEXT',
        message_metadata: 'TEXT',
        created_at: 'TIMESTAMPTZ',
      },
    })
    const indexes = (await readNames(session, database.dialect)).filter((name) => name.startsWith('idx_'))
    expect(indexes).toEqual(['idx_messages_created_at', 'idx_messages_thread_id', 'idx_threads_created_at'])
  })

  test.each(engines.filter(({ name }) => name !== 'pglite'))(
    'go back to nothing on $name and forth again, and leave only the bookkeeping',
    async (engine) => {
      const url = await engine.freshUrl()
      const env = plainEnvironment({ DATABASE_URL: url })
      const directory = copyExample('agentkit')
      const commands = ['migrate', 'rollback base', 'migrate', 'status --check', 'rollback base']
      for (const command of commands) {
        expect(await runCommand(`${metastore} ${command}`, directory, env)).toMatchObject({ status: 0 })
      }
      await using database = await openDatabase(url)
      await using session = await database.session()
      expect(await readNames(session, database.dialect)).toEqual(['schema_migrations'])
    },
  )

  test.each(engines.filter(({ name }) => name !== 'pglite'))(
    'are applied once each on $name, however many processes migrate',
    async (engine) => {
      const env = plainEnvironment({ DATABASE_URL: await engine.freshUrl() })
      const directory = copyExample('agentkit')
      const runs = Array.from({ length: 4 }, () => runCommand(`${metastore} migrate`, directory, env))
      const outcomes = await Promise.all(runs)
      expect(outcomes.map(({ status }) => status)).toEqual([0, 0, 0, 0])
      const applied = outcomes.flatMap(({ output }) => [...output.matchAll(/applied (\d\w+)/g)].map(([, name]) => name))
      expect(applied).toHaveLength(migrations.length)
      expect(new Set(applied)).toEqual(new Set(migrations))
    },
  )
})

describe('agentkit when something is wrong', () => {
  test('a locked SQLite file is named, with what to do, as the README says', async () => {
    const directory = copyExample('agentkit')
    await using database = await openDatabase('sqlite:agentkit.db', { directory })
    await using session = await database.session()
    const message = [
      'error [database_locked] The database sqlite:agentkit.db stayed locked by another connection.',
      '  next: Wait until the program that is writing to the file is done, or close it (an application or a database browser), and run it again.',
      '',
    ].join('\n')
    await session.transaction(async (tx) => {
      await tx.query(sql`create table held (id integer)`)
      const outcome = await runCommand(`${metastore} migrate --lock-wait 0s`, directory, plainEnvironment())
      expect(outcome).toEqual({ status: 4, output: message })
    })
    expect(readme).toContain(message)
    expect(await runCommand(`${metastore} migrate`, directory, plainEnvironment())).toMatchObject({ status: 0 })
  })

  test('an applied file that was edited is shown as a difference, and nothing runs', async () => {
    const directory = copyExample('agentkit')
    await runCommand(`${metastore} migrate`, directory, plainEnvironment())
    const edit = `sed -i.before 's/VARCHAR(100)/TEXT/' migrations/001_initial_schema.sql && rm migrations/*.before`
    const { status, output } = await runCommand(`${edit}\n${metastore} migrate`, directory, plainEnvironment())
    expect(status).toBe(3)
    expect(output).toContain('  -  model VARCHAR(100),\n  +  model TEXT,\n')
    expect(output).toContain(
      '  next: Put the change into a new migration and restore this file (metastore show 001_initial_schema --applied prints what ran), or accept the file as it is with --allow-changed 001_initial_schema.\n',
    )
  })

  test.each(['migrate', 'status'])(
    'the password of a server that refuses is in nothing that %s prints',
    async (command) => {
      const env = plainEnvironment({ DATABASE_URL: 'postgresql+asyncpg://agentkit:hush-hush@127.0.0.1:1/agentkit' })
      for (const options of ['', ' --verbose', ' --json']) {
        const { status, output } = await runCommand(`${metastore} ${command}${options}`, copyExample('agentkit'), env)
        expect({ status, output }).toMatchObject({ status: 1 })
        expect(output).toContain('No database server answers at 127.0.0.1:1.')
        expect(output).not.toContain('hush-hush')
      }
    },
  )
})

describe('the server of agentkit', () => {
  const directory = copyExample('agentkit')
  let url = ''

  beforeAll(async () => {
    url = (await freshPostgresUrl(18)).replace('postgres://', 'postgresql+asyncpg://')
    await runCommand(`${metastore} migrate`, directory, plainEnvironment({ DATABASE_URL: url }))
  })

  async function start(): Promise<{ server: Background; port: number; origin: string }> {
    const port = await freePort()
    const env = plainEnvironment({ DATABASE_URL: url, PORT: String(port) })
    const listening = `agentkit listens on port ${port}, on PostgreSQL at postgres://`
    const server = await startCommand(`exec '${process.execPath}' src/server.js`, listening, directory, env)
    return { server, port, origin: `http://127.0.0.1:${port}` }
  }

  test('keeps threads and messages on PostgreSQL', async () => {
    const { server, origin } = await start()
    try {
      const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const created = await fetch(`${origin}/api/threads`, { ...json, body: '{"title": "On PostgreSQL"}' })
      const thread = (await created.json()) as { id: string }
      const body = JSON.stringify({ role: 'user', content: 'Hello', message_metadata: { tokens: 1 } })
      const added = await fetch(`${origin}/api/threads/${thread.id}/messages`, { ...json, body })
      expect([created.status, added.status]).toEqual([201, 201])
      const { threads } = (await (await fetch(`${origin}/api/threads`)).json()) as { threads: unknown[] }
      expect(threads).toMatchObject([{ id: thread.id, title: 'On PostgreSQL' }])
      const { messages } = (await (await fetch(`${origin}/api/threads/${thread.id}/messages`)).json()) as {
        messages: unknown[]
      }
      expect(messages).toEqual([await added.json()])
    } finally {
      await server.stop()
    }
  })

  test('gives messages that arrive at once over several connections a time each', async () => {
    const { server, origin } = await start()
    try {
      const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const created = await fetch(`${origin}/api/threads`, { ...json, body: '{}' })
      const { id } = (await created.json()) as { id: string }
      const body = JSON.stringify({ role: 'user', content: 'At once' })
      const sent = Array.from({ length: 60 }, () => fetch(`${origin}/api/threads/${id}/messages`, { ...json, body }))
      expect(new Set((await Promise.all(sent)).map(({ status }) => status))).toEqual(new Set([201]))
      const answer = await fetch(`${origin}/api/threads/${id}/messages?limit=100`)
      const { messages } = (await answer.json()) as { messages: { created_at: string }[] }
      expect(new Set(messages.map((message) => message.created_at)).size).toBe(60)
    } finally {
      await server.stop()
    }
  })

  test('finishes the request that is under way when it is stopped, then ends with status 0', async () => {
    const { server, port } = await start()
    const body = '{"title": "At the last moment"}'
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    let answer = ''
    socket.on('data', (text: string) => (answer += text))
    socket.write(
      `POST /api/threads HTTP/1.1\r\nhost: agentkit\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
    )
    // The server asks for the body: from here on the request is under way.
    await once(socket, 'data')
    expect(answer).toContain('100 Continue')
    const stopped = server.stop()
    await expect.poll(server.output).toContain('Stopping')
    socket.write(body)
    await once(socket, 'close')
    expect(answer).toContain('HTTP/1.1 201 Created')
    expect(answer).toContain('At the last moment')
    expect(await stopped).toMatchObject({ status: 0 })
  })

  test('answers 503 when its connections break, and goes on with new ones', async () => {
    const { server, origin } = await start()
    try {
      await Promise.all(Array.from({ length: 5 }, () => fetch(`${origin}/api/threads`)))
      await using database = await openDatabase(url)
      await using session = await database.session()
      await session.query(sql`
        select pg_terminate_backend(pid, 10000) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`)
      const broken = await fetch(`${origin}/ready`)
      expect([broken.status, broken.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await broken.json()).toEqual({
        error: 'The database cannot answer at the moment. Try again in a few seconds.',
      })
      const after = await Promise.all(Array.from({ length: 5 }, () => fetch(`${origin}/api/threads`)))
      expect(after.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    } finally {
      await server.stop()
    }
  })
})

describe('the way of agentkit to production', () => {
  test('the Job migrates until it succeeds, with the image and the database of the server', () => {
    const [job] = readYaml('kubernetes/migrate.yaml') as [Manifest]
    const [deployment, service] = readYaml('kubernetes/deployment.yaml') as [Manifest, Manifest]
    expect([job.kind, deployment.kind, service.kind]).toEqual(['Job', 'Deployment', 'Service'])
    const { restartPolicy, containers: migrating } = job.spec.template.spec
    const { containers: serving } = deployment.spec.template.spec
    expect(restartPolicy).toBe('OnFailure')
    expect(migrating[0].command.slice(0, 2)).toEqual(['metastore', 'migrate'])
    expect([migrating[0].image, migrating[0].env]).toEqual([serving[0].image, serving[0].env])
    expect(deployment.spec.selector.matchLabels).toEqual(service.spec.selector)
    expect(deployment.spec.template.metadata.labels).toEqual(service.spec.selector)
  })

  test('every command of metastore in the pipeline and in the Job works on a server', async () => {
    const [pipeline] = readYaml('ci.yml') as [Pipeline]
    const [job] = readYaml('kubernetes/migrate.yaml') as [Manifest]
    const commands = pipeline.jobs.test.steps.flatMap(({ run }) => (run?.startsWith('npx metastore') ? [run] : []))
    expect(commands[0]).toMatch(/^npx metastore migrate/)
    commands.push(`npx ${job.spec.template.spec.containers[0].command.join(' ')}`)
    const directory = copyExample('agentkit')
    const env = plainEnvironment({ DATABASE_URL: await freshPostgresUrl(15) })
    for (const command of commands) {
      const direct = command.replace('npx metastore', metastore)
      expect(await runCommand(direct, directory, env)).toMatchObject({ status: 0 })
    }
  })

  test('everything that the image copies is there', () => {
    const dockerfile = readFileSync(path.join(example, 'Dockerfile'), 'utf8')
    const copied = [...dockerfile.matchAll(/^COPY --chown=node (\S+)/gm)].map(([, source = '']) => source)
    expect(copied).toEqual(['package*.json', 'metastore.toml', 'migrations', 'src'])
    for (const source of copied) expect(existsSync(path.join(example, source.replace('*', '')))).toBe(true)
  })
})

interface Column {
  readonly table: string
  readonly name: string
  readonly type: string
}

async function readColumns(session: Session, dialect: Dialect): Promise<Record<string, Record<string, string>>> {
  const statement =
    dialect === 'sqlite'
      ? sql`
          select t.name as "table", c.name, c.type
          from sqlite_master t, pragma_table_info(t.name) c
          where t.name in ('threads', 'messages')`
      : sql`
          select table_name as "table", column_name as name, case data_type
            when 'character varying' then 'VARCHAR(' || character_maximum_length || ')'
            when 'timestamp with time zone' then 'TIMESTAMPTZ'
            else upper(data_type) end as type
          from information_schema.columns
          where table_name in ('threads', 'messages')`
  const columns: Record<string, Record<string, string>> = {}
  for (const { table, name, type } of await session.query<Column>(statement)) (columns[table] ??= {})[name] = type
  return columns
}

/** The names of all tables, views and indexes outside the bookkeeping. */
async function readNames(session: Session, dialect: Dialect): Promise<string[]> {
  const statement =
    dialect === 'sqlite'
      ? sql`select name from sqlite_master where name not like 'sqlite_%' and name not like 'metastore_%'`
      : sql`select relname as name from pg_class where relnamespace = 'public'::regnamespace`
  return (await session.query<{ name: string }>(statement)).map(({ name }) => name).toSorted()
}

interface Container {
  readonly image: string
  readonly command: readonly string[]
  readonly env: unknown
}

interface Pod {
  readonly metadata: { readonly labels: unknown }
  readonly spec: { readonly restartPolicy?: string; readonly containers: readonly [Container] }
}

/** What is read of the files for Kubernetes. */
interface Manifest {
  readonly kind: string
  readonly spec: { readonly selector: { readonly matchLabels?: unknown }; readonly template: Pod }
}

interface Pipeline {
  readonly jobs: { readonly test: { readonly steps: readonly { readonly run?: string }[] } }
}

function readYaml(file: string): unknown[] {
  const documents = parseAllDocuments(readFileSync(path.join(example, file), 'utf8'))
  expect(documents.flatMap((document) => ('errors' in document ? document.errors : []))).toEqual([])
  return documents.map((document) => document.toJS() as unknown)
}
