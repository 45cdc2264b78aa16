import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../../test/harness/temporary-directory.ts'
import { serverFlags } from './server-connection.ts'

interface Given {
  readonly options?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

async function urlOf({ options = {}, environment = {}, files = {} }: Given): Promise<unknown> {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text)
  const flags = await serverFlags({ arguments: [], options }, { directory, environment }, { database: 'ignored' })
  expect(flags.database).toBeUndefined()
  return flags.url
}

const reshapeDefault = 'postgres://postgres:postgres@localhost:5432/postgres'

describe('the connection as Reshape is told it', () => {
  test.each<[string, Given, string | undefined]>([
    ['nothing is Reshape’s default', {}, reshapeDefault],
    ['a URL is taken as it is', { options: { url: 'postgres://a@h/d' } }, 'postgres://a@h/d'],
    [
      'parts are put together with the defaults of the others',
      { options: { host: 'db', database: 'app' } },
      'postgres://postgres:postgres@db:5432/app',
    ],
    [
      'a flag wins over DB_URL',
      { options: { host: 'db' }, environment: { DB_URL: 'postgres://wrong/wrong' } },
      'postgres://postgres:postgres@db:5432/postgres',
    ],
    [
      '--url wins over DB_URL',
      { options: { url: 'postgres://right/d' }, environment: { DB_URL: 'postgres://wrong/d' } },
      'postgres://right/d',
    ],
    [
      'the environment wins over .env',
      { environment: { DB_HOST: 'right' }, files: { '.env': 'DB_URL=postgres://wrong/d\n' } },
      'postgres://postgres:postgres@right:5432/postgres',
    ],
    [
      'parts that one source leaves out come from the next',
      { options: { host: 'h' }, environment: { DB_PORT: '1' }, files: { '.env': 'DB_NAME=n\nDB_PORT=2\n' } },
      'postgres://postgres:postgres@h:1/n',
    ],
    ['.env is read', { files: { '.env': 'DB_URL=postgres://env/d\n' } }, 'postgres://env/d'],
    ['an empty variable is not set', { environment: { DB_URL: '', DB_HOST: '' } }, reshapeDefault],
    [
      'what is special in a URL is encoded',
      { environment: { DB_USERNAME: 'a@b', DB_PASSWORD: 'p/w?#', DB_NAME: 'a b', DB_HOST: '::1' } },
      'postgres://a%40b:p%2Fw%3F%23@[::1]:5432/a%20b',
    ],
    [
      'a path is the directory of a socket',
      { options: { host: '/var/run', port: '5433' } },
      'postgres://postgres:postgres@/postgres?host=%2Fvar%2Frun&port=5433',
    ],
    [
      'metastore.toml stands before the defaults',
      { files: { 'metastore.toml': '[database.main]\nurl = "postgres://toml/d"\n' } },
      undefined,
    ],
    ['so does DATABASE_URL', { environment: { DATABASE_URL: 'postgres://variable/d' } }, undefined],
    [
      'DB_URL stands before metastore.toml',
      {
        environment: { DB_URL: 'postgres://right/d' },
        files: { 'metastore.toml': '[database.main]\nurl = "postgres://toml/d"\n' },
      },
      'postgres://right/d',
    ],
  ])('%s', async (_, given, url) => {
    expect(await urlOf(given)).toBe(url)
  })

  test('a port that is none is refused without being repeated', async () => {
    await expect(urlOf({ environment: { DB_PORT: 'hunter2' } })).rejects.toMatchObject({
      code: 'usage',
      message: 'The port of the server is not a number from 1 to 65535.',
      where: '--port or DB_PORT',
      remedy: 'Give digits only, as in --port 5432.',
    })
  })

  test('a project with several databases is refused', async () => {
    const files = { 'metastore.toml': '[database.a]\n[database.b]\n' }
    await expect(urlOf({ files, options: { url: 'postgres://h/d' } })).rejects.toMatchObject({
      code: 'usage',
      message: 'metastore migration is for a project with one database, and metastore.toml declares 2.',
      where: 'metastore migration',
      remedy: 'Use metastore start, metastore complete and metastore abort, with --database NAME.',
    })
  })
})
