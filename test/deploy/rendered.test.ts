import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../harness/example-copy.ts'
import { deployTools, run } from './deploy-tools.ts'

const deploy = path.join(root, 'deploy')
const chart = path.join(deploy, 'helm', 'metastore')
const tools = await deployTools()

// Elsewhere chart.test.ts still judges what Helm made of the templates when they were changed last.
if (typeof tools === 'string') console.warn(`Helm renders nothing here, and Compose reads nothing: ${tools}.`)

test('without Go it is said that nothing is rendered', async () => {
  expect(await deployTools('there-is-no-such-program')).toBe('there is no Go here')
})

describe.runIf(typeof tools !== 'string')('Helm', () => {
  const helm = (...words: readonly string[]) => run(typeof tools === 'string' ? '' : tools.helm, words, chart)
  const template = (...words: readonly string[]) =>
    helm('template', 'metastore', '.', '--namespace', 'assistants', '--kube-version', '1.31.0', ...words)

  test.each([
    ['defaults', []],
    ['assistant-backend', ['--values', 'examples/assistant-backend.values.yaml']],
    ['zero-downtime', ['--values', 'examples/zero-downtime.values.yaml']],
  ])('renders %s as it is kept: vitest -u writes it anew', async (name, words) => {
    const { status, stdout, stderr } = await template(...words)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    await expect(stdout).toMatchFileSnapshot(path.join(chart, 'examples', `${name}.rendered.yaml`))
  })

  test('finds nothing to complain of', async () => {
    const { status, stdout } = await helm('lint', '--strict', '.')
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('0 chart(s) failed') })
    expect(stdout).not.toMatch(/WARNING|ERROR/)
  })

  test.each([
    [
      'Jobs of a database that there is none of',
      ['--set', 'dbJobs.assistantsSeed.enabled=true'],
      'dbJobs.assistantsSeed belongs to no database. Those of this release are: assistantMigrations, assistantSeed.',
    ],
    [
      'two databases of one name in camel case',
      [
        '--set-json',
        'databases=[{"name":"a-b","variable":"A","existingSecret":"a"},{"name":"a_b","variable":"B","existingSecret":"b"}]',
      ],
      'databases: two of them are called aB in camel case, so that dbJobs cannot tell them apart. Name them otherwise.',
    ],
    [
      'two versions where the Jobs come after the release',
      ['--set', 'zeroDowntime.enabled=true,jobs.when=after'],
      'zeroDowntime.enabled needs jobs.when: before, because the new schema has to be there before the first Pod that uses it.',
    ],
    [
      'a server without a database',
      ['--set-json', 'databases=[]'],
      'server.enabled needs a database: declare one in databases, or name server.existingSecret.',
    ],
    ['a value that nobody reads', ['--set', 'serve.enabled=true'], "additional properties 'serve' not allowed"],
  ])('is told not to render %s', async (_what, words, message) => {
    const { status, stdout, stderr } = await template(...words)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(message)
  })

  test('gives a Job another name when its image or an argument is another, and no other', async () => {
    const names = async (...words: readonly string[]) => {
      const { stdout } = await template(...words, '--show-only', 'templates/jobs.yaml')
      return [...stdout.matchAll(/^ {2}name: (\S+)$/gm)].map(([, name]) => name)
    }
    const [first, same, image, argument] = [
      await names(),
      await names('--set', 'server.replicas=5'),
      await names('--set', 'image.tag=2.0.0'),
      await names('--set', 'jobs.wait=5m'),
    ]
    expect(first).toEqual([expect.stringMatching(/^metastore-assistant-migrate-[0-9a-f]{8}$/)])
    expect(same).toEqual(first)
    expect(new Set([...first, ...image, ...argument]).size).toBe(3)
  })

  test('switches migrations and seeds of each database on and off by themselves', async () => {
    const kinds = async (set: string) => {
      const { stdout } = await template('--set', `server.enabled=false,${set}`)
      return [...stdout.matchAll(/^ {2}name: metastore-assistant-(\w+)-/gm)].map(([, kind]) => kind)
    }
    expect(await kinds('dbJobs.assistantSeed.enabled=true')).toEqual(['migrate', 'seed'])
    expect(await kinds('dbJobs.assistantSeed.enabled=true,dbJobs.assistantMigrations.enabled=false')).toEqual(['seed'])
    expect(await kinds('dbJobs.assistantMigrations.enabled=false')).toEqual([])
    expect(await kinds('zeroDowntime.enabled=true,zeroDowntime.complete=manual')).toEqual(['start', 'abort'])
  })
})

describe.runIf(typeof tools !== 'string')('Compose', () => {
  test('reads compose.yaml as it is meant', async () => {
    const words = ['--format', 'json', 'compose.yaml']
    const { status, stdout, stderr } = await run(typeof tools === 'string' ? '' : tools.compose, words, deploy)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      services: {
        database: { image: 'pgvector/pgvector:0.8.1-pg17' },
        migrate: {
          build: { context: root, dockerfile: 'deploy/docker/Dockerfile' },
          depends_on: { database: { condition: 'service_healthy', required: true } },
        },
        server: {
          depends_on: {
            migrate: { condition: 'service_completed_successfully', required: true },
            seed: { condition: 'service_completed_successfully', required: false },
          },
        },
      },
    })
  })

  test('reads the one of assistant-backend, whose tool waits for the database', async () => {
    const example = path.join(root, 'examples', 'assistant-backend')
    const words = ['--format', 'json', 'compose.yaml']
    const { status, stdout, stderr } = await run(typeof tools === 'string' ? '' : tools.compose, words, example)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      services: { metastore: { depends_on: { database: { condition: 'service_healthy', required: true } } } },
    })
  })
})
