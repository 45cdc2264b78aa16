import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCommandLine } from '../src/cli/parse.ts'
import { docsProjects } from './harness/docs-projects.ts'
import { freshPostgresUrl } from './harness/engines.ts'
import { plainEnvironment, root } from './harness/example-copy.ts'
import { buildBeforeAll } from './harness/example-readme.ts'
import { freePort } from './harness/postgres-server.ts'
import { followReadme, type Reader, readSteps } from './harness/readme-commands.ts'
import { runCommand } from './harness/shell-command.ts'
import { temporaryDirectory } from './harness/temporary-directory.ts'

const docs = path.join(root, 'docs')
const address = 'app@localhost:5432/app'

const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({
    page: file.split(path.sep).join('/').slice(0, -3),
    text: readFileSync(path.join(docs, file), 'utf8'),
  }))

/** The blocks that are only for reading, by their first lines, and why nobody can run them here. */
const onlyForReading: Readonly<Record<string, string>> = {
  'guides/deploy-kubernetes: kubectl create secret generic metastore-database --from-literal=url="$DATABASE_URL"':
    'a cluster',
  'guides/deploy-kubernetes: kubectl delete job metastore-migrate --ignore-not-found': 'a cluster',
  'guides/deploy-kubernetes: helm upgrade --install assistant deploy/helm/metastore --values values.yaml --timeout 30m':
    'a cluster',
  'guides/deploy-kubernetes: helm upgrade assistant deploy/helm/metastore --reuse-values --set dbJobs.assistantBackendMigrations.enabled=false':
    'a cluster',
  'guides/deploy: docker build --file deploy/docker/Dockerfile --tag metastore:0.1.0 .': 'Docker',
  'guides/deploy: docker run --detach --env DATABASE_URL --publish 127.0.0.1:2024:2024 metastore:0.1.0 serve --host 0.0.0.0':
    'Docker',
  'guides/deploy: docker compose --file deploy/compose.yaml up': 'Docker',
  'guides/deploy: metastore setup': 'a server of the reader on localhost; cli/setup.test.ts makes one',
  'guides/from-alembic: $ mkdir migrations': 'Alembic',
  'guides/from-reshape: $ metastore adopt --from reshape':
    'a database that Reshape has migrated; cli/phases-takeover.test.ts has one',
  'guides/generate: metastore generate -m "status" --rename runs.state=status         # the column has another name now':
    'answers to one question, of which one is given; cli/generate.test.ts gives each',
  'guides/observability: npm install @opentelemetry/api @opentelemetry/sdk-node': 'the registry of packages',
  'guides/secrets: $ metastore keys check': 'rows of the reader; the runbook checks keys, and cli/keys.test.ts',
  'guides/serve: metastore serve': 'it goes on; the tutorial serves',
  'guides/serve: metastore api-keys create "web app" --tenant eTMS --role user --expires 720h':
    'tenants of the demo and a key that is known when it is made; cli/serve.test.ts',
  'guides/tenant-api: curl -s http://127.0.0.1:2024/api/vela-support/chat -H "x-api-key: $KEY" -H \'content-type: application/json\' \\':
    "the reader's key",
  'guides/up: npx metastore up': 'it goes on; cli/up.test.ts runs it',
  'tutorial: $ mkdir assistant && cd assistant': 'the registry of packages',
}

buildBeforeAll()

describe.each(pages.filter(({ text }) => stepsOf(text).length > 0))('the page $page', ({ page, text }) => {
  const project = docsProjects[page]
  // A page that makes its project itself is followed as a whole; of the others the commands are run.
  const steps = stepsOf(text).filter(({ kind }) => project === undefined || kind === 'command' || kind === 'file')
  let reader: Reader

  beforeAll(async () => {
    const directory = emptyProject()
    const usesServer = `${text}${project ?? ''}`.includes(address)
    const url = usesServer ? await freshPostgresUrl(18) : 'pglite:.metastore/assistant'
    const server = url.replace(/^\w+:\/\//, '')
    const port = await freePort()
    const bin = path.join(directory, 'node_modules', '.bin')
    const env = plainEnvironment({
      PATH: `${bin}:${process.env.PATH}`,
      METASTORE_SERVER_PORT: String(port),
      ...(usesServer && { PRODUCTION_URL: url, REPLICA_URL: url }),
    })
    const stands = new Map([
      [address, server],
      ['http://127.0.0.1:2024', `http://127.0.0.1:${port}`],
    ])
    reader = followReadme({ directory, env, database: url, port, stands })
    if (project === undefined) return
    const made = await runCommand(project.replaceAll(address, server), directory, env)
    expect(made).toMatchObject({ status: 0 })
  })
  afterAll(() => reader.close())

  test.each(steps.map((step) => [step.line, step.kind, step] as const))(
    'line %i: the %s does what is written',
    async (_line, _kind, step) => {
      const { actual, written } = await reader.follow(step)
      expect(actual).toEqual(written)
    },
  )
})

describe('the manual', () => {
  test('has no shell block that is not run, but for those of which it is said why', () => {
    const shells = ['console', 'bash', 'shell', 'zsh']
    const found = pages.flatMap(({ page, text }) =>
      [...text.matchAll(/^( *)```(\S*).*\n([^]*?)^\1```$/gm)]
        .filter(([, , language = '', block = '']) => shells.includes(language) || block.trim().startsWith('$ '))
        .map(([, , , block = '']) => `${page}: ${block.trim().split('\n')[0]}`),
    )
    expect(found.sort()).toEqual(Object.keys(onlyForReading).sort())
  })

  test('has in the blocks that are only for reading no command, option or argument that there is not', async () => {
    const lines = pages
      .flatMap(({ page, text }) =>
        [...text.matchAll(/^( *)```(?:console|sh).*\n([^]*?)^\1```$/gm)].map(([, , block = '']) => ({ page, block })),
      )
      .filter(({ page, block }) => `${page}: ${block.trim().split('\n')[0]}` in onlyForReading)
      .flatMap(({ block }) => [...block.matchAll(/^(?!#).*?\bmetastore(?::[\d.]+)? ([a-z][^|#\n]*)/gm)])
      .map(([, words = '']) =>
        [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''),
      )
    expect(lines.length).toBeGreaterThan(15)
    for (const words of lines) await expect(parseCommandLine(words), words.join(' ')).resolves.toBeDefined()
  })

  test('has a project for no page that does not need one', () => {
    const running = pages.filter(({ text }) => stepsOf(text).length > 0).map(({ page }) => page)
    expect(running).toEqual(expect.arrayContaining(Object.keys(docsProjects)))
  })
})

// Where no command is run, SQL and requests are only for reading.
function stepsOf(text: string): ReturnType<typeof readSteps> {
  const steps = readSteps(text)
  return steps.some(({ kind }) => kind === 'command' || kind === 'background') ? steps : []
}

/** A directory as a reader has it who has installed metastore in it. */
function emptyProject(): string {
  const directory = path.join(temporaryDirectory(), 'project')
  mkdirSync(path.join(directory, 'node_modules', '.bin'), { recursive: true })
  symlinkSync(root, path.join(directory, 'node_modules', 'metastore'), 'junction')
  symlinkSync(path.join(root, 'bin', 'metastore'), path.join(directory, 'node_modules', '.bin', 'metastore'))
  return directory
}
