import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { freshPostgresUrl } from './harness/engines.ts'
import { copyExample, plainEnvironment, root } from './harness/example-copy.ts'
import { buildBeforeAll, describeReadme, metastore } from './harness/example-readme.ts'
import { runCommand } from './harness/shell-command.ts'

const example = path.join(root, 'examples', 'assistant-backend')

buildBeforeAll()

describeReadme('assistant-backend', { place: () => ({ database: 'pglite:memory' }), silent: ['npm test'] })

describe('assistant-backend on a server', () => {
  test('its tests pass, with connections of their own for all who write', async () => {
    const env = plainEnvironment({ ASSISTANT_DATABASE_URL: await freshPostgresUrl(18) })
    const { status, output } = await runCommand('npm test', copyExample('assistant-backend'), env)
    expect({ status, output }).toMatchObject({ status: 0 })
    expect(output).toContain('both versions on PostgreSQL')
  })

  test('the Jobs start and complete all three databases, with the image and the variables of each other', async () => {
    const [start, complete] = [readJob('kubernetes/start.yaml'), readJob('kubernetes/complete.yaml')]
    expect(start.envFrom).toEqual(complete.envFrom)
    expect(start.image).toBe(complete.image)
    const directory = copyExample('assistant-backend')
    const env = plainEnvironment({
      ASSISTANT_DATABASE_URL: await freshPostgresUrl(15),
      JOBS_DATABASE_URL: await freshPostgresUrl(15),
      KNOWLEDGE_DATABASE_URL: await freshPostgresUrl(15),
    })
    for (const { command } of [start, complete]) {
      const direct = command.join(' ').replace('metastore', metastore)
      expect(await runCommand(direct, directory, env)).toMatchObject({ status: 0 })
      // A Job may run twice.
      expect(await runCommand(direct, directory, env)).toMatchObject({ status: 0 })
    }
    expect(await runCommand(`${metastore} status --check`, directory, env)).toMatchObject({ status: 0 })
  })

  test('everything that the image copies is there, and it is of the release that the files end with', () => {
    const dockerfile = readFileSync(path.join(example, 'Dockerfile'), 'utf8')
    const copied = [...dockerfile.matchAll(/^COPY --chown=node (\S+)/gm)].map(([, source = '']) => source)
    expect(copied).toEqual(['package*.json', 'metastore.toml', 'migrations', 'jobs', 'knowledge', 'seeds', 'src'])
    for (const source of copied) expect(existsSync(path.join(example, source.replace('*', '')))).toBe(true)
    const release = /^ENV RELEASE=(.*)$/m.exec(dockerfile)?.[1] ?? ''
    expect(existsSync(path.join(example, 'migrations', `${release}.toml`))).toBe(true)
  })
})

interface Container {
  readonly image: string
  readonly command: readonly string[]
  readonly envFrom: unknown
}

function readJob(file: string): Container {
  const documents = parseAllDocuments(readFileSync(path.join(example, file), 'utf8'))
  expect(documents).toHaveLength(1)
  const job = documents[0]?.toJS() as { kind: string; spec: { template: { spec: { containers: [Container] } } } }
  expect(job.kind).toBe('Job')
  return job.spec.template.spec.containers[0]
}
