import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
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

test('generate finds what differs between the models of the shipped tables and these, and nothing of the others', async () => {
  const directory = copyExample('agent-protocol')
  symlinkSync(
    path.join(root, 'node_modules', 'drizzle-orm'),
    path.join(directory, 'node_modules', 'drizzle-orm'),
    'junction',
  )
  const shipped = path.join(directory, 'src', 'shipped.ts')
  writeFileSync(shipped, readFileSync(shipped, 'utf8').replace('    next_nodes: text', '    nodes_after: text'))
  const check = 'npx metastore generate --check --project shipped.toml'
  // That they agree as they are is a step of the README.
  expect(await runCommand(check, directory, plainEnvironment())).toEqual({
    status: 3,
    output: [
      'Column public.threads.nodes_after is missing.',
      'Column public.threads.next_nodes is there, but is not expected.',
      'The migrations do not make what src/shipped.ts says; metastore generate writes what is missing.',
      '',
    ].join('\n'),
  })
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
