import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { getTableConfig } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as models from '../examples/agent-protocol/src/models.ts'
import { freshPostgresUrl } from './harness/engines.ts'
import { copyExample, plainEnvironment, root } from './harness/example-copy.ts'
import { followReadme, readSteps, type Reader } from './harness/readme-commands.ts'
import { runCommand } from './harness/shell-command.ts'

const readme = readFileSync(path.join(root, 'examples', 'agent-protocol', 'README.md'), 'utf8')

// Whoever runs the command gets what is built, so it has to be of these sources.
beforeAll(async () => {
  const { status, output } = await runCommand(
    `'${process.execPath}' '${path.join(root, 'bin', 'metastore')}' --help`,
    root,
    plainEnvironment(),
  )
  if (status !== 0) throw new Error(output)
})

describe('the README of agent-protocol', () => {
  let reader: Reader

  beforeAll(async () => {
    const url = await freshPostgresUrl(18)
    const directory = copyExample('agent-protocol')
    const drizzle = path.join('node_modules', 'drizzle-orm')
    symlinkSync(path.join(root, drizzle), path.join(directory, drizzle), 'junction')
    const env = plainEnvironment({ DATABASE_URL: url })
    reader = followReadme({ directory, env, database: url, port: 0, stands: new Map() })
  })
  afterAll(() => reader.close())

  const steps = readSteps(readme).map((step) => [step.line, step.kind, step] as const)

  test.each(steps)('line %i: the %s does what is written', async (_line, _kind, step) => {
    const { actual, written } = await reader.follow(step)
    expect(actual).toEqual(written)
  })

  test('says of each command what comes of it, but for changing the models and the tests', () => {
    const silent = steps.filter(([, , { expected }]) => expected === undefined)
    expect(silent.map(([, , { text }]) => text.slice(0, 9))).toEqual(['sed -i.ba', 'npm test\n'])
  })
})

test('the models of the shipped tables are what its migrations make of these', async () => {
  const directory = copyExample('agent-protocol')
  symlinkSync(
    path.join(root, 'node_modules', 'drizzle-orm'),
    path.join(directory, 'node_modules', 'drizzle-orm'),
    'junction',
  )
  for (const module of ['tenancy', 'catalogue', 'threads', 'runs', 'memory']) {
    // Embeddings need an extension that the throw-away database has not.
    const hasWords = (file: string) => !file.endsWith('vectors.sql')
    cpSync(path.join(root, 'schema', module), path.join(directory, module), { recursive: true, filter: hasWords })
  }
  writeFileSync(
    path.join(directory, 'metastore.toml'),
    `[database.main]
    url = "pglite:memory"
    migrations = ["tenancy", "catalogue", "threads", "runs", "memory"]
    models = ["src/shipped.ts"]`,
  )
  const { status, output } = await runCommand('npx metastore generate --check', directory, plainEnvironment())
  // The other tables of the schema are not in the models, which is all that is told.
  expect([status, output.includes('Table public.messages is there, but is not expected.')]).toEqual([3, true])
  const about = /\bpublic\.(assistants|assistant_versions|threads|runs|store_items)\b/
  expect(output.split('\n').filter((line) => about.test(line))).toEqual([])
})

test('every model of agent-protocol that has a config has a context beside it', () => {
  const columns = Object.values(models).map((model) => getTableConfig(model).columns.map(({ name }) => name))
  const withConfig = columns.filter((names) => names.includes('config'))
  expect(withConfig).toHaveLength(4)
  for (const names of withConfig) expect(names[names.indexOf('config') + 1]).toBe('context')
})

test('without a URL the database of agent-protocol is the one that Alembic projects begin with', async () => {
  const { output } = await runCommand('npx metastore config', copyExample('agent-protocol'), plainEnvironment())
  expect(output).toContain('"postgres://postgres@localhost:5432/postgres"')
})
