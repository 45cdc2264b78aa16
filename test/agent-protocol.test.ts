import { cpSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { getTableConfig } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import * as models from '../examples/agent-protocol/src/models.ts'
import { freshPostgresUrl } from './harness/engines.ts'
import { copyExample, plainEnvironment, root } from './harness/example-copy.ts'
import { buildBeforeAll, describeReadme } from './harness/example-readme.ts'
import { runCommand } from './harness/shell-command.ts'

buildBeforeAll()

describeReadme('agent-protocol', {
  async place(directory) {
    const url = await freshPostgresUrl(18)
    const drizzle = path.join('node_modules', 'drizzle-orm')
    symlinkSync(path.join(root, drizzle), path.join(directory, drizzle), 'junction')
    return { database: url, env: plainEnvironment({ DATABASE_URL: url }) }
  },
  silent: [
    "sed -i.bak -e 's/multitask_strategy/strategy/' -e 's/^    description: text(),$/    description: text(), owner: text(),/' src/models.ts",
    'npm test',
  ],
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
