import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { metastore } from '../harness/child.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { plainEnvironment, root } from '../harness/example-copy.ts'
import { runCommand } from '../harness/shell-command.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

interface Step {
  readonly name: string
  readonly if: string
  readonly shell: string
  readonly env: Readonly<Record<string, string>>
  readonly run: string
}

const action = parse(readFileSync(path.join(root, 'deploy/github/action.yml'), 'utf8')) as {
  inputs: Record<string, { default: string }>
  runs: { steps: readonly Step[] }
}
const gitlab = parse(readFileSync(path.join(root, 'deploy/gitlab/metastore.gitlab-ci.yml'), 'utf8')) as Record<
  string,
  { script: readonly string[] }
> & { variables: Record<string, string> }
const guide = readFileSync(path.join(root, 'docs/guides/ci.md'), 'utf8')

/** What a pull request brings, beside a migration that is applied: one that everybody would wait for. */
const project = {
  'backend/metastore.toml': '[database.main]\nurl = "${DATABASE_URL:-pglite:memory}"\n',
  'backend/migrations/001_threads.sql': 'create table threads (id bigint primary key, title text);\n',
}
const bad = { 'backend/migrations/002_index.sql': 'create index threads_title on threads (title);\n' }

let url: string
let directory: string

beforeAll(async () => {
  url = await freshPostgresUrl(18)
  directory = temporaryDirectory()
  write(project)
  // The first start on changed sources builds them.
  expect(
    await metastore(['migrate'], { cwd: path.join(directory, 'backend'), env: { DATABASE_URL: url } }),
  ).toMatchObject({
    status: 0,
  })
  write(bad)
})

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
    writeFileSync(path.join(directory, name), text)
  }
}

/** Makes a checkout of it that has all that is there. */
async function commit(): Promise<void> {
  const git = 'git -c user.name=a -c user.email=a@x.test -c commit.gpgsign=false'
  const { status } = await runCommand(
    `git init --quiet && git add backend && ${git} commit --quiet --allow-empty --message all`,
    directory,
    plainEnvironment(),
  )
  expect(status).toBe(0)
}

const command = `${process.execPath} ${path.join(root, 'bin/metastore')}`

/** Runs a step of the action as a runner does, with these inputs; what it gave to the runner is in the answer. */
async function runStep(name: string, inputs: Readonly<Record<string, string>>, more: NodeJS.ProcessEnv = {}) {
  const step = action.runs.steps.find((each) => each.name === name)
  if (step === undefined) throw new Error(`The action has no step ${name}.`)
  const runner = temporaryDirectory()
  const files = { GITHUB_OUTPUT: path.join(runner, 'output'), GITHUB_STEP_SUMMARY: path.join(runner, 'summary') }
  Object.values(files).forEach((file) => writeFileSync(file, ''))
  const given = Object.fromEntries(
    Object.entries(step.env).map(([variable, value]) => {
      const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1]
      return [variable, input === undefined ? '' : (inputs[input] ?? action.inputs[input]?.default ?? '')]
    }),
  )
  const script = path.join(runner, 'step.sh')
  writeFileSync(script, step.run)
  const env = plainEnvironment({ ...given, ...files, RUNNER_TEMP: runner, ...more })
  const { status, output } = await runCommand(`bash --noprofile --norc -eo pipefail '${script}'`, directory, env)
  const outputs = Object.fromEntries(
    readFileSync(files.GITHUB_OUTPUT, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  ) as Record<string, string>
  return { status, output, outputs, summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8') }
}

const inputs = { metastore: command, project: 'backend' }

describe('the action for GitHub', () => {
  test('puts no input into a script, where it would be run', () => {
    for (const { run } of action.runs.steps) expect(run).not.toContain('${{')
  })

  test('annotates a bad pull request, writes SARIF and a comment with plan, hazards and locks, and fails', async ({
    annotate,
  }) => {
    const checked = await runStep('Check the migrations', { ...inputs, plan: 'true' }, { DATABASE_URL: url })
    expect(checked.status).toBe(0)
    expect(checked.output).toContain('::warning file=backend/migrations/002_index.sql,line=1,col=1,title=P1 H01 ')
    const { 'sarif-file': sarif = '', 'comment-file': file = '', verdict = '' } = checked.outputs
    expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({
      runs: [{ results: [{ ruleId: 'index_not_concurrent' }] }],
    })
    const comment = readFileSync(file, 'utf8')
    expect(checked.summary).toBe(comment)
    // `--reporter=verbose` shows what a runner and a reader see.
    await annotate(`${checked.output}\n${comment}`)
    // The address and the times are those of this server.
    const shown = comment.replace(/ to run on .*\./, ' to run on postgres://app@db.example.com/app.')
    expect(/^````markdown\n([^]*?)^````$/m.exec(guide)?.[1]).toBe(shown)
    expect(await runStep('Fail where the check did', {}, { VERDICT: verdict })).toMatchObject({ status: 3 })
    expect(await runStep('Fail where the check did', {}, { VERDICT: '0' })).toMatchObject({ status: 0 })
  })

  test('looks for no hazards in what a revision has, where one is given', async () => {
    await commit()
    const { output, outputs } = await runStep('Check the migrations', { ...inputs, since: 'HEAD' })
    expect(output).not.toContain('::warning')
    expect(outputs).toMatchObject({ status: '0', verdict: '0' })
    expect(readFileSync(outputs['comment-file'] ?? '', 'utf8')).toContain('2 migrations checked')
  })

  test('does not take a project that cannot be read for one with findings', async () => {
    const { status, output, outputs } = await runStep('Check the migrations', { ...inputs, project: 'nowhere' })
    expect({ status, outputs }).toEqual({ status: 2, outputs: { status: '2' } })
    expect(output).toContain('[configuration_missing]')
  })

  test.each([
    { earlier: '', asked: 'api --method POST repos/acme/app/issues/7/comments' },
    { earlier: '42', asked: 'api --method PATCH repos/acme/app/issues/comments/42' },
  ])('writes one comment, and renews it: $asked', async ({ earlier, asked }) => {
    const tools = temporaryDirectory()
    writeFileSync(
      path.join(tools, 'gh'),
      `#!/bin/sh\necho "$*" >> "${tools}/asked"\ncase "$*" in *--paginate*) echo ${earlier} ;; esac\n`,
    )
    chmodSync(path.join(tools, 'gh'), 0o755)
    writeFileSync(path.join(tools, 'comment.md'), '<!-- metastore -->\n')
    const { status } = await runStep(
      'Comment on the pull request',
      {},
      {
        PATH: `${tools}:${process.env['PATH']}`,
        GITHUB_REPOSITORY: 'acme/app',
        NUMBER: '7',
        COMMENT: path.join(tools, 'comment.md'),
      },
    )
    expect(status).toBe(0)
    const lines = readFileSync(path.join(tools, 'asked'), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^api repos\/acme\/app\/issues\/7\/comments --paginate --jq /)
    expect(lines[1]).toMatch(new RegExp(`^${asked} --field body=@`))
  })

  test('tells drift, migrates, and then finds none', async () => {
    const behind = await runStep('Look for drift', inputs, { DATABASE_URL: url })
    expect(behind).toMatchObject({ status: 3, outputs: { status: '3' } })
    expect(behind.output).toContain('::error title=metastore::')
    expect(behind.summary).toContain('002_index')
    expect(await runStep('Migrate', inputs, { DATABASE_URL: url })).toMatchObject({
      status: 0,
      outputs: { status: '0' },
    })
    expect(await runStep('Look for drift', inputs, { DATABASE_URL: url })).toMatchObject({ status: 0 })
  })

  test('refuses a command that does not exist', async () => {
    expect(await runStep('Refuse a command that does not exist', { command: 'chekc' })).toMatchObject({
      status: 2,
      output: '::error::The input command is check, migrate or drift, and not chekc.\n',
    })
  })
})

describe('the template for GitLab', () => {
  const run = (job: string, more: NodeJS.ProcessEnv) => {
    const env = { ...gitlab.variables, METASTORE: command, METASTORE_PROJECT: 'backend', METASTORE_WAIT: '60s' }
    return runCommand((gitlab[job]?.script ?? []).join('\n'), directory, plainEnvironment({ ...env, ...more }))
  }

  test('writes a report of code quality and a note on a bad merge request, and fails', async () => {
    const asked: { method: string; url: string; token: unknown; body: string }[] = []
    const server = createServer((request, response) => {
      const { method = '', url: target = '', headers } = request
      let body = ''
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      request.on('end', () => {
        asked.push({ method, url: target, token: headers['private-token'], body })
        response.end('[{ "id": 5, "body": "<!-- metastore -->\\nbefore" }]')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { status, output } = await run('metastore-check', {
      METASTORE_NOTES_TOKEN: 'note-writer',
      CI_API_V4_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      CI_PROJECT_ID: '1',
      CI_MERGE_REQUEST_IID: '2',
    })
    server.close()
    expect(status).toBe(3)
    expect(output).toContain('## Migrations')
    expect(JSON.parse(readFileSync(path.join(directory, 'metastore-code-quality.json'), 'utf8'))).toMatchObject([
      { location: { path: 'backend/migrations/002_index.sql', lines: { begin: 1 } } },
    ])
    expect(asked.map(({ method, url: target, token }) => [method, target, token])).toEqual([
      ['GET', '/projects/1/merge_requests/2/notes?per_page=100&sort=asc', 'note-writer'],
      ['PUT', '/projects/1/merge_requests/2/notes/5', 'note-writer'],
    ])
    expect(JSON.parse(asked[1]?.body ?? '')).toEqual({
      body: `<!-- metastore -->\n${readFileSync(path.join(directory, 'metastore.md'), 'utf8')}`,
    })
  })

  test('looks for no hazards in what a revision has, where one is given', async () => {
    await commit()
    expect(await run('metastore-check', { METASTORE_SINCE: 'HEAD' })).toMatchObject({ status: 0 })
    expect(JSON.parse(readFileSync(path.join(directory, 'metastore-code-quality.json'), 'utf8'))).toEqual([])
  })

  test('tells drift, migrates, and then finds none', async () => {
    const DATABASE_URL = await freshPostgresUrl(18)
    expect(await run('metastore-drift', { DATABASE_URL })).toMatchObject({ status: 3 })
    expect(await run('metastore-migrate', { DATABASE_URL })).toMatchObject({ status: 0 })
    expect(await run('metastore-drift', { DATABASE_URL })).toMatchObject({ status: 0 })
  })
})
