import { expect, test } from 'vitest'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine } from './command-line.ts'

const password = `Tr0ub'4"d\\ör & <3>`
// A throw-away key: the bytes 200 to 231.
const key = Buffer.from(Array.from({ length: 32 }, (_, at) => 200 + at))
  .toString('base64')
  .replaceAll('/', '_')
const [begin, end] = [password.slice(0, 6), password.slice(6)]

// Whatever a project, a server or a script says, with the secrets in it, and where it comes out.
const chatty = {
  'metastore.toml': '[database.main]\nencrypted = ["keys.token"]\ntenant_column = "tenant_id"\n',
  '.env': 'PGPASSWORD=from-the-dotenv-file\n',
  'migrations/001_said.sql': [
    `-- metastore: description=${JSON.stringify(`says ${key} from-the-dotenv-file`)}`,
    `create table keys (id int primary key, token text, tenant_id int);`,
    `comment on table keys is '${password.replaceAll("'", "''")} ${key}';`,
    `create table "has ${key}" (id int);`,
    '-- metastore:down',
    `drop table keys; drop table "has ${key}";`,
  ].join('\n'),
  'migrations/002_raised.sql': `do $$ begin raise exception 'you sent %', '${password.replaceAll("'", "''")} ${key}'; end $$;`,
}

const script = `
  const password = ${JSON.stringify(begin)} + ${JSON.stringify(end)}
  export async function up({ db }) {
    throw new TypeError('outer ' + password + ' from-the-dotenv-file')
  }`

function spellings(secret: string): string[] {
  const json = (text: string) => JSON.stringify(text).slice(1, -1)
  const plain = [secret, encodeURIComponent(secret), secret.replaceAll("'", "''")]
  return plain.flatMap((text) => [text, json(text), json(json(text)), text.slice(0, 8), text.slice(-8)])
}

test('no secret that the process knows comes out anywhere, whoever says it', async () => {
  const target = new URL(await freshPostgresUrl(18))
  target.password = encodeURIComponent(password)
  const environment = { DATABASE_URL: target.href, FERNET_KEY: key }
  const line = commandLine(chatty)
  const written: string[] = []
  const run = async (words: readonly string[]) => {
    const { stdout, stderr } = await line.runWords(words, { environment, onWrite: (text) => written.push(text) })
    written.push(stdout, stderr)
  }
  const commands = [
    ['migrate', '1'],
    ['migrate'],
    ['status'],
    ['history', '--all'],
    ['plan'],
    ['check'],
    ['show', 'catalog'],
    ['config'],
    ['doctor'],
    ['keys', 'check'],
    ['keys', 'rotate'],
    ['audit', '--out', 'audit.html'],
    ['audit', '--out', 'audit.md'],
    ['audit', '--format', 'html'],
    ['rollback', '--to', key],
    ['migrate', key],
    [key],
    ['status', `--${key}`],
    ['docs', key],
    ['status', '--database', key],
    ['status', '--project', key],
    ['status', '--url', `postgres://u:${password}@h:x/d`],
    ['migration', 'start', '--host', '127.0.0.1', '--port', '1', '-p', password],
  ]
  for (const words of commands) for (const option of [[], ['--verbose'], ['--json']]) await run([...words, ...option])
  line.remove('migrations/002_raised.sql')
  line.write('migrations/002_thrown.js', script)
  for (const option of [[], ['--verbose'], ['--json'], ['--json', '--verbose']]) await run(['migrate', ...option])
  written.push(line.read('audit.html'), line.read('audit.md'))

  const all = written.join('\n')
  for (const secret of [password, key, 'from-the-dotenv-file']) {
    for (const spelling of spellings(secret)) expect(all).not.toContain(spelling)
  }
  // Each of them was said: without the one place that takes them out they would stand there.
  expect(all).toMatch(/you sent \*\*\* \*\*\*/)
  expect(all).toMatch(/outer \*\*\* \*\*\*/)
  expect(all).toMatch(/has \*\*\*/)
})

test('a short password leaves ordinary text alone', async () => {
  const line = commandLine({ 'migrations/001_table.sql': '' })
  const { stderr } = await line.run('status', {
    environment: { DATABASE_URL: 'postgres://app:error@127.0.0.1:1/app' },
  })
  expect(stderr).toMatch(/^error \[connection_failed\]/)
})

test('a password that is the name of the role or of the database leaves that name alone', async () => {
  const line = commandLine({ 'migrations/001_table.sql': '' })
  const { stderr } = await line.run('status', {
    environment: { DATABASE_URL: 'postgres://assistant:assistant@127.0.0.1:1/app' },
  })
  expect(stderr).toMatch(/^error \[connection_failed\]/)
  const { stdout } = await line.run('config', {
    environment: { DATABASE_URL: 'postgres://assistant:assistant@127.0.0.1:1/app' },
  })
  expect(stdout).toContain('postgres://assistant@127.0.0.1:1/app')
})
