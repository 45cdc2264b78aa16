import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines } from './command-line.ts'

const secret = 'hunter2'
const files = {
  'migrations/001_a.sql': 'create table a (id int);\n-- metastore:down\ndrop table a;\n',
  'migrations/002_b.sql': 'select nonsense;\n',
}

// What each command is tried with; a command that is added later is missing here, and the test says so.
const words: Readonly<Record<keyof typeof commands, string>> = {
  init: 'init',
  new: 'new more',
  generate: 'generate --from schema.sql',
  test: `test --round-trip --shadow postgres://app:${secret}@127.0.0.1:1/app`,
  check: 'check',
  audit: 'audit --fix',
  plan: 'plan',
  seed: 'seed',
  migrate: 'migrate',
  fleet: 'fleet migrate',
  setup: 'setup --no-audit',
  reset: 'reset --data',
  report: 'report',
  start: 'start',
  complete: 'complete',
  abort: 'abort',
  rollback: 'rollback',
  status: 'status',
  history: 'history --all',
  show: 'show catalog',
  edit: 'edit 1',
  'schema-query': 'schema-query --applied',
  squash: 'squash 2',
  stamp: 'stamp head',
  baseline: 'baseline',
  keys: 'keys check',
  'api-keys': 'api-keys list',
  serve: 'serve',
  up: 'up --port nowhere',
  adopt: 'adopt',
  config: 'config',
  doctor: 'doctor',
  docs: 'docs errors',
  upgrade: 'upgrade head',
  downgrade: 'downgrade base',
  current: 'current',
  heads: 'heads',
  revision: 'revision -m x',
  migration: 'migration start',
  'generate-schema-query': 'generate-schema-query',
}

// Not by way of URL, which does not read every URL that is tried.
function withPassword(url: string): string {
  return url.replace(/^postgres:\/\/([^:@]*)(:[^@]*)?@/, `postgres://$1:${secret}@`)
}

describe('the password of a URL', () => {
  test('is tried with every command', () => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(commands).sort())
  })

  const places = [
    ['that works', freshPostgresUrl],
    ['where no server is', () => Promise.resolve('postgres://app@127.0.0.1:1/app')],
    ['that cannot be understood', () => Promise.resolve('postgres://app@host:port/app')],
  ] as const
  const tries = places.flatMap(([title, urlOf]) =>
    ['', '--verbose', '--json'].map((option) => [option, title, urlOf] as const),
  )
  test.each(tries)('is in no output of any command %s with a URL %s', async (option, _title, urlOf) => {
    const DATABASE_URL = withPassword(await urlOf(18))
    const admin = withPassword('postgres://postgres@127.0.0.1:1/postgres')
    const line = commandLine({ ...files, '.env': `METASTORE_ADMIN_URL=${admin}\n` })
    const written: string[] = []
    for (const command of Object.values(words)) {
      const { stdout, stderr } = await line.run(`${command} ${option}`, { environment: { DATABASE_URL } })
      written.push(stdout, stderr)
    }
    expect(written.join('')).not.toContain(secret)
    expect(written.join('')).toMatch(/postgres:/)
  })

  test('is not in the output where it stands in metastore.toml or in a flag', async () => {
    const url = `postgres://app:${secret}@127.0.0.1:1/app`
    const line = commandLine({ ...files, 'metastore.toml': `[database.a]\nurl = "${url}"\nadmin_url = "${url}"\n` })
    for (const command of [
      'config',
      'config --json',
      'status --verbose',
      'doctor',
      `status --url ${url}`,
      `--url=${url} config`,
    ]) {
      const { stdout, stderr } = await line.run(command)
      expect([command, `${stdout}${stderr}`]).toEqual([command, expect.stringContaining('127.0.0.1:1')])
      expect(`${stdout}${stderr}`).not.toContain(secret)
    }
  })

  const url = `postgres://app:${secret}@localhost/app`
  test.each([
    url,
    `migrate ${url}`,
    `status --database ${url}`,
    `status --project ${url}`,
    `status --urll=${url}`,
    `status --urll ${url}`,
    `show ${url}`,
    `help ${url}`,
    `docs ${url}`,
    `init ${url}`,
    `migrate postgresql+asyncpg://localhost/app?password=${secret}`,
  ])('that stands in the wrong place is not repeated: %s', async (line) => {
    expect(await commandLine(files).run(line)).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] The command line has a URL with a password where something else is expected.',
        '  next: Give a database URL with --url URL, or better in the environment, as DATABASE_URL.',
      ),
    })
  })

  test('is not repeated where a URL alone names no command', async () => {
    const { stderr } = await commandLine(files).run(`--url ${url}`)
    expect(stderr).toMatch(/^error \[usage\] The command line names no command\./)
    expect(stderr).not.toContain(secret)
  })
})
