import { userInfo } from 'node:os'
import { describe, expect, test } from 'vitest'
import { MetastoreError } from '../errors.ts'
import { parseDatabaseUrl, redactUrl } from './url.ts'

const parse = (url: string, environment: Record<string, string> = {}) => parseDatabaseUrl(url, '/project', environment)
const me = userInfo().username

describe('a PostgreSQL URL', () => {
  const target = {
    driver: 'postgres',
    host: 'db.example.com',
    port: 5432,
    user: 'app',
    password: 'secret',
    database: 'assistant',
    parameters: {},
    address: 'postgres://app@db.example.com:5432/assistant',
    url: 'postgres://app:secret@db.example.com:5432/assistant',
  }

  test.each([
    'postgres://app:secret@db.example.com/assistant',
    'postgresql://app:secret@db.example.com:5432/assistant',
    'POSTGRES://app:secret@db.example.com/assistant',
    '  postgres://app:secret@db.example.com/assistant\n',
    'postgresql+asyncpg://app:secret@db.example.com/assistant',
    'postgresql+psycopg://app:secret@db.example.com/assistant',
    'postgresql+psycopg2://app:secret@db.example.com/assistant',
    'postgresql+pg8000://app:secret@db.example.com/assistant?',
    'postgresql+anything_else://app:secret@db.example.com/assistant',
    'postgres://db.example.com/assistant?user=app&password=secret',
    'postgres:///assistant?host=db.example.com&user=app&password=secret&port=5432',
    'postgres://ignored@ignored/ignored?host=db.example.com&user=app&password=secret&dbname=assistant',
    'postgres://app:secret@db.example.com/assistant?prepared_statement_cache_size=0&pgbouncer=true&keepalives=1',
  ])('%s', (url) => {
    expect(parse(url)).toEqual(target)
  })

  test.each([
    [
      'postgres://u%40x:p%3Aa%2Fb%3F%23%25@h/d%20b',
      { user: 'u@x', password: 'p:a/b?#%', database: 'd b', address: 'postgres://u%40x@h:5432/d%20b' },
    ],
    ['postgres://u:p@ss@h/d', { user: 'u', password: 'p@ss', host: 'h' }],
    ['postgres://u:p:q@h/d', { user: 'u', password: 'p:q', host: 'h' }],
    ['postgres://u:%F0%9F%90%98@h/%C3%A9', { password: '🐘', database: 'é' }],
    ['postgres://u:@h/d', { user: 'u', password: undefined }],
    [
      'postgres://u@[::1]:6432/d',
      { host: '::1', port: 6432, address: 'postgres://u@[::1]:6432/d', url: 'postgres://u@[::1]:6432/d' },
    ],
    ['postgres://u@[fe80::1%25eth0]/d', { host: 'fe80::1%eth0' }],
    ['postgres://u@h/a/b', { database: 'a/b', address: 'postgres://u@h:5432/a%2Fb' }],
    [
      'postgres://u:p@/d?host=/var/run/postgresql',
      { host: '/var/run/postgresql', password: 'p', address: 'postgres://u@/d?host=/var/run/postgresql&port=5432' },
    ],
    ['postgres://u@%2Fvar%2Frun%2Fpostgresql/d', { host: '/var/run/postgresql' }],
    ['postgres://u@h', { database: 'u' }],
    ['postgres://u@h/', { database: 'u' }],
    ['postgres:///d', { host: 'localhost', port: 5432, user: me, password: undefined }],
    ['postgres://', { host: 'localhost', user: me, database: me }],
  ])('%s', (url, expected) => {
    expect(parse(url)).toMatchObject(expected)
  })

  test('its normalised form means the same', () => {
    for (const url of [
      'postgres://u%40x:p%3Aa%2Fb%3F%23%25@h:1/d%20b?options=-c%20a%3Db%2Bc&sslmode=require',
      'postgres://u:p@/d?host=/run/a b&application_name=x%26y',
      'postgres://u@[::1]/d',
    ]) {
      const once = parse(url)
      expect(parse('url' in once ? once.url : '')).toEqual(once)
    }
  })

  test('what it leaves out comes from the variables of libpq, and what it says wins', () => {
    const environment = {
      PGHOST: 'other',
      PGPORT: '6543',
      PGUSER: 'someone',
      PGPASSWORD: 'hidden',
      PGDATABASE: 'else',
      PGSSLMODE: 'require',
      PGAPPNAME: 'job',
    }
    expect(parse('postgres://', environment)).toMatchObject({
      host: 'other',
      port: 6543,
      user: 'someone',
      password: 'hidden',
      database: 'else',
      parameters: { sslmode: 'require', application_name: 'job' },
    })
    expect(parse('postgres://a:b@c:1/d?sslmode=disable&application_name=e', environment)).toMatchObject({
      host: 'c',
      port: 1,
      user: 'a',
      password: 'b',
      database: 'd',
      parameters: { sslmode: 'disable', application_name: 'e' },
    })
  })

  test.each([
    ['sslmode=verify-full&sslrootcert=/ca.pem', { sslmode: 'verify-full', sslrootcert: '/ca.pem' }],
    ['ssl=require', { sslmode: 'require' }],
    ['ssl=true', { sslmode: 'require' }],
    ['ssl=false', { sslmode: 'disable' }],
    ['options=-c%20search_path%3Dapp&connect_timeout=3', { options: '-c search_path=app', connect_timeout: '3' }],
    [
      'target_session_attrs=read-write&channel_binding=prefer',
      { target_session_attrs: 'read-write', channel_binding: 'prefer' },
    ],
    ['application_name=a+b', { application_name: 'a+b' }],
  ])('with the parameters %s', (query, parameters) => {
    expect(parse(`postgres://u@h/d?${query}`)).toMatchObject({ parameters })
  })
})

describe('the URL of an embedded database', () => {
  test.each([
    [
      'pglite:.metastore/assistant',
      { directory: '/project/.metastore/assistant', address: 'pglite:.metastore/assistant' },
    ],
    ['pglite:/var/lib/data', { directory: '/var/lib/data', address: 'pglite:/var/lib/data' }],
    ['pglite:///./data', { directory: '/project/data', address: 'pglite:./data' }],
    ['pglite:////data', { directory: '/data', address: 'pglite:/data' }],
    ['pglite:memory', { directory: null, address: 'pglite:memory' }],
    ['pglite::memory:', { directory: null, address: 'pglite:memory' }],
    ['pglite:./memory', { directory: '/project/memory' }],
    ['PGlite:Data', { directory: '/project/Data' }],
    ['pglite:100% mine', { directory: '/project/100% mine' }],
  ])('%s', (url, expected) => {
    expect(parse(url)).toEqual({
      driver: 'pglite',
      address: url,
      ...expected,
      ...('address' in expected ? {} : { address: expect.any(String) as string }),
    })
  })

  test.each([
    ['sqlite:app.db', { file: '/project/app.db', address: 'sqlite:app.db' }],
    ['sqlite3:app.db', { file: '/project/app.db', address: 'sqlite:app.db' }],
    ['sqlite:/data/app.db', { file: '/data/app.db', address: 'sqlite:/data/app.db' }],
    ['sqlite:///app.db', { file: '/project/app.db', address: 'sqlite:app.db' }],
    ['sqlite:///./app.db', { file: '/project/app.db', address: 'sqlite:./app.db' }],
    ['sqlite:////data/app.db', { file: '/data/app.db', address: 'sqlite:/data/app.db' }],
    ['sqlite+aiosqlite:///./x.db', { file: '/project/x.db', address: 'sqlite:./x.db' }],
    ['sqlite+pysqlite:////x.db', { file: '/x.db', address: 'sqlite:/x.db' }],
    ['sqlite::memory:', { file: null, address: 'sqlite::memory:' }],
    ['sqlite:///:memory:', { file: null, address: 'sqlite::memory:' }],
    ['sqlite://', { file: null, address: 'sqlite::memory:' }],
  ])('%s', (url, expected) => {
    expect(parse(url)).toEqual({ driver: 'sqlite', ...expected })
  })
})

const forms = 'postgres://USER@HOST:PORT/DATABASE, pglite:DIRECTORY, pglite:memory, sqlite:FILE or sqlite::memory:'
const portRemedy =
  'Write the port after the host, as in postgres://app@localhost:5432/app; in a password, write : as %3A and @ as %40.'
const encodeRemedy = 'In a user name, a password or a database name, write / as %2F, ? as %3F, # as %23 and @ as %40.'
const parameters =
  'application_name, channel_binding, client_encoding, connect_timeout, dbname, fallback_application_name, host, options, password, port, ssl, sslcert, sslkey, sslmode, sslnegotiation, sslpassword, sslrootcert, target_session_attrs, user'

test.each([
  ['', 'The database URL is empty.', `Give a URL such as ${forms}.`],
  [' \n\t', 'The database URL is empty.', `Give a URL such as ${forms}.`],
  ['assistant', 'The database URL does not begin with a scheme such as postgres:.', `Give a URL such as ${forms}.`],
  ['./app.db', 'The database URL does not begin with a scheme such as postgres:.', `Give a URL such as ${forms}.`],
  [
    '${DATABASE_URL}',
    'The database URL does not begin with a scheme such as postgres:.',
    `Give a URL such as ${forms}.`,
  ],
  [
    'localhost:5432/app',
    'The database URL does not begin with a scheme such as postgres:.',
    `Give a URL such as ${forms}.`,
  ],
  [
    'app:hunter2@db/app',
    'The database URL does not begin with a scheme such as postgres:.',
    `Give a URL such as ${forms}.`,
  ],
  ['hunter2:x', 'The database URL does not begin with a scheme such as postgres:.', `Give a URL such as ${forms}.`],
  [
    '://u:hunter2@h/d',
    'The database URL does not begin with a scheme such as postgres:.',
    `Give a URL such as ${forms}.`,
  ],
  ['mysql://u:hunter2@h/d', 'There is no kind of database with the URL scheme mysql:.', `Give a URL such as ${forms}.`],
  ['https://u:hunter2@h/d', 'There is no kind of database with the URL scheme https:.', `Give a URL such as ${forms}.`],
  ['file://x', 'There is no kind of database with the URL scheme file:.', `Give a URL such as ${forms}.`],
  [
    'postgers://u:hunter2@h/d',
    'There is no kind of database with the URL scheme postgers:.',
    `Did you mean postgres:? The URLs are ${forms}.`,
  ],
  [
    'postgre://u:hunter2@h/d',
    'There is no kind of database with the URL scheme postgre:.',
    `Did you mean postgres:? The URLs are ${forms}.`,
  ],
  [
    'sqllite:x.db',
    'There is no kind of database with the URL scheme sqllite:.',
    `Did you mean sqlite:? The URLs are ${forms}.`,
  ],
  [
    'postgres:h/d',
    'The database URL has no // after postgres:.',
    'Write it as postgres://USER@HOST:PORT/DATABASE, with both slashes.',
  ],
  [
    'postgres://u:hunter2\n@h/d',
    'The database URL holds a control character, such as a line break.',
    'Remove it, or percent-encode it where it is meant.',
  ],
  ['postgres://u:hunter/2@h/d', 'The database URL holds a /, ?, # or @ where none can stand.', encodeRemedy],
  ['postgres://u:hunter?2@h/d', 'The database URL holds a /, ?, # or @ where none can stand.', encodeRemedy],
  ['postgres://u:hunter#2@h/d', 'The database URL holds a /, ?, # or @ where none can stand.', encodeRemedy],
  ['postgres://u:1/hunter2@h/d', 'The database URL holds a /, ?, # or @ where none can stand.', encodeRemedy],
  ['postgres://u:p@hunter/2@h/d', 'The database URL holds a /, ?, # or @ where none can stand.', encodeRemedy],
  ['postgres://u@h/d#hunter2', 'The database URL holds a /, ?, # or @ where none can stand.', encodeRemedy],
  ['postgres://u:hunter2', 'The port in the database URL is not a number from 1 to 65535.', portRemedy],
  ['postgres://u:hunter2/d', 'The port in the database URL is not a number from 1 to 65535.', portRemedy],
  ['postgres://h:0/d', 'The port in the database URL is not a number from 1 to 65535.', portRemedy],
  ['postgres://h:65536/d', 'The port in the database URL is not a number from 1 to 65535.', portRemedy],
  ['postgres://h:-1/d', 'The port in the database URL is not a number from 1 to 65535.', portRemedy],
  ['postgres://h:1e3/d', 'The port in the database URL is not a number from 1 to 65535.', portRemedy],
  ['postgres://u@::1/d', 'The port in the database URL is not a number from 1 to 65535.', portRemedy],
  [
    'postgres://u:hunter2%@h/d',
    'The password in the database URL holds a % that does not begin a percent escape.',
    'Write a percent sign itself as %25.',
  ],
  [
    'postgres://u:hunter2%FF@h/d',
    'The password in the database URL holds a % that does not begin a percent escape.',
    'Write a percent sign itself as %25.',
  ],
  [
    'postgres://%zz:hunter2@h/d',
    'The user name in the database URL holds a % that does not begin a percent escape.',
    'Write a percent sign itself as %25.',
  ],
  [
    'postgres://u@h/%',
    'The database name in the database URL holds a % that does not begin a percent escape.',
    'Write a percent sign itself as %25.',
  ],
  ['postgres://u:%00hunter2@h/d', 'The password in the database URL holds a zero byte.', 'Remove the %00.'],
  [
    'postgres://u:hunter2@a,b/d',
    'The database URL names several hosts, and metastore connects to one.',
    'Name the primary server, or a proxy that leads to it.',
  ],
  [
    'postgres://u:hunter2@a:1,b:2/d',
    'The database URL names several hosts, and metastore connects to one.',
    'Name the primary server, or a proxy that leads to it.',
  ],
  ['postgres://u@h x/d', 'The host in the database URL holds white space.', 'Write the host without it.'],
  ['postgres://u@h/d?sslmod=require', 'The database URL has no parameter of the name sslmod.', 'Did you mean sslmode?'],
  [
    'postgres://u@h/d?aplication_name=x',
    'The database URL has no parameter of the name aplication_name.',
    'Did you mean application_name?',
  ],
  [
    'postgres://u@h/d?hunter2=1',
    'The database URL has a parameter that is not known.',
    `The parameters are ${parameters}. A ? in a user name or a password is written %3F.`,
  ],
  [
    'postgres://u@h/d?schema=app',
    'The database URL has a parameter that is not known.',
    `The parameters are ${parameters}. A ? in a user name or a password is written %3F.`,
  ],
  [
    'postgres://u@h/d?sslcrl=/x',
    'The database URL has the parameter sslcrl, which metastore does not support.',
    'Remove it, if the connection is as safe as it must be without it.',
  ],
  ['postgres://u@h/d?sslmode=a&sslmode=b', 'The database URL has a parameter twice.', 'Keep one of the two.'],
  [
    'postgres://u@h/d?sslmode=requires',
    "The database URL's sslmode is none of disable, allow, prefer, require, verify-ca, verify-full.",
    'Did you mean sslmode=require?',
  ],
  [
    'postgres://u@h/d?ssl=maybe',
    "The database URL's ssl is none of disable, allow, prefer, require, verify-ca, verify-full.",
    'Give one of these values.',
  ],
  [
    'postgres://u@h/d?connect_timeout=1s',
    "The database URL's connect_timeout is not a whole number of seconds.",
    'Write for example connect_timeout=10; 0 waits without limit.',
  ],
  [
    'postgres://u@h/d?client_encoding=latin1',
    'The database URL asks for an encoding other than UTF-8.',
    'Remove client_encoding from it.',
  ],
  ['pglite:', 'The database URL names no directory after pglite:.', 'Write pglite:DIRECTORY or pglite:memory.'],
  ['pglite://', 'The database URL names no directory after pglite:.', 'Write pglite:DIRECTORY or pglite:memory.'],
  ['sqlite:', 'The database URL names no file after sqlite:.', 'Write sqlite:FILE or sqlite::memory:.'],
  ['sqlite:///', 'The database URL names no file after sqlite:.', 'Write sqlite:FILE or sqlite::memory:.'],
  [
    'sqlite:memory',
    'sqlite:memory may mean a database in memory or a file of that name.',
    'Write sqlite::memory: for a database in memory, or sqlite:./memory for the file.',
  ],
  [
    'sqlite://app.db',
    'A sqlite: URL has no host, but two slashes are followed by one.',
    "Write sqlite:app.db for that path from the project's directory, or sqlite:/app.db for an absolute one.",
  ],
  [
    'sqlite:app.db?mode=ro',
    'A sqlite: URL takes no parameters, so it cannot hold ? or #.',
    'Write sqlite: and the path alone, and rename a path that holds one of these characters.',
  ],
])('%j is refused: %s', (url, message, remedy) => {
  let failure: unknown
  try {
    parse(url)
  } catch (error) {
    failure = error
  }
  expect(failure).toBeInstanceOf(MetastoreError)
  expect(failure).toMatchObject({ code: 'url_invalid', message, remedy, where: 'database URL' })
  expect(JSON.stringify(failure)).not.toContain('hunter')
  expect(redactUrl(url)).not.toContain('hunter')
})

test.each([
  ['postgres://app:hunter2@h:1/d?sslmode=require&sslpassword=hunter3', 'postgres://app@h:1/d'],
  ['postgresql+asyncpg://app:hunter2@h/d', 'postgres://app@h:5432/d'],
  ['pglite:data', 'pglite:data'],
  ['sqlite:///./x.db', 'sqlite:./x.db'],
  ['postgres://app:hunter/2@h/d', 'postgres:...'],
  ['mysql://app:hunter2@h/d', '...'],
  ['app:hunter2@h', '...'],
  ['hunter2', '...'],
  ['', '...'],
])('%j is shown as %j', (url, shown) => {
  expect(redactUrl(url)).toBe(shown)
})
