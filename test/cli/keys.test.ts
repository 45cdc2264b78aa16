import { chmodSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDatabase, sql } from '../../src/database/database.ts'
import { generateKey, parseKeyring } from '../../src/secrets/keyring.ts'
import { commandLine, lines } from './command-line.ts'

const [older, newer] = [generateKey(), generateKey()]
const project = {
  'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\nencrypted = ["llm.token"]\n',
  'migrations/001_llm.sql': 'create table llm (id integer primary key, token text);\n',
}

async function withTokens(tokens: readonly string[]) {
  const line = commandLine(project)
  await line.run('migrate')
  await using database = await openDatabase(`sqlite:${path.join(line.directory, 'app.db')}`)
  await using session = await database.session()
  for (const token of tokens) await session.query(sql`insert into llm (token) values (${token})`)
  return line
}

const oldTokens = ['a', 'b', 'c'].map((text) => parseKeyring(older, 'old').encrypt(text))

describe('keys generate', () => {
  test('prints a key, and needs no project', async () => {
    const { status, stdout, stderr } = await commandLine({ 'metastore.toml': 'no TOML' }).run('keys generate')
    expect([status, stderr, parseKeyring(stdout, 'stdout').size]).toEqual([0, '', 1])
  })

  test('writes a file that only its owner reads, and overwrites none', async () => {
    const line = commandLine()
    expect(await line.json('keys generate --out fernet.key')).toEqual({
      status: 0,
      document: { command: 'keys', ok: true, key: null, file: 'fernet.key' },
      stderr: '',
    })
    const key = line.read('fernet.key')
    expect(parseKeyring(key, 'file').size).toBe(1)
    expect(statSync(path.join(line.directory, 'fernet.key')).mode & 0o777).toBe(0o600)
    expect(await line.run('keys generate --out fernet.key')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [file_exists] The file is there already, and a key is never overwritten.',
        '  at fernet.key',
        '  next: Name a new file, and put its key in front of the keys that there are.',
      ),
    })
    expect(line.read('fernet.key')).toBe(key)
    expect(await line.run('keys generate --out no/fernet.key')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^error \[file_unwritable\] The key cannot be written: ENOENT/) as string,
    })
  })
})

describe('keys check and keys rotate', () => {
  test('say by position which key fits, move everything to the newest, and say which may be retired', async () => {
    const line = await withTokens(oldTokens)
    const environment = { FERNET_KEY: `${newer},${older}` }
    expect(await line.run('keys check', { environment })).toEqual({
      status: 0,
      stdout: 'llm.token: 0 with key 1, 3 with key 2\n',
      stderr: '',
    })
    expect(await line.run('keys rotate --dry-run', { environment })).toEqual({
      status: 0,
      stdout: 'llm.token: 0 with key 1, 3 with key 2, 3 to be encrypted anew\n',
      stderr: '',
    })
    expect(await line.run('keys rotate', { environment })).toEqual({
      status: 0,
      stdout: lines(
        'llm.token: 3 with key 1, 0 with key 2, 3 encrypted anew',
        'Key 2 of 2: nothing in these columns needs it. Once every application has key 1, it may be retired.',
      ),
      stderr: '',
    })
    expect(await line.json('keys rotate', { environment })).toEqual({
      status: 0,
      document: {
        command: 'keys',
        ok: true,
        databases: [
          {
            database: 'main',
            keys: 2,
            columns: [
              { column: 'llm.token', byKey: [3, 0], noKey: 0, damaged: 0, notTokens: 0, rotated: 0, resumed: false },
            ],
            retirable: [2],
          },
        ],
      },
      stderr: '',
    })
    expect((await line.run('keys check', { environment: { FERNET_KEY: newer } })).status).toBe(0)
  })

  test('end with 3 where something cannot be decrypted, and leave it alone', async () => {
    const line = await withTokens([...oldTokens, 'sk-plain'])
    const environment = { FERNET_KEY: newer }
    const expected = { status: 3, stderr: '' }
    expect(await line.run('keys check', { environment })).toEqual({
      ...expected,
      stdout: 'llm.token: 0 with key 1, 3 with no key, 1 not encrypted\n',
    })
    expect(await line.run('keys rotate', { environment })).toEqual({
      ...expected,
      stdout: 'llm.token: 0 with key 1, 3 with no key, 1 not encrypted, 0 encrypted anew\n',
    })
  })

  test('say that no column is declared', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n' })
    expect(await line.run('keys check', { environment: { FERNET_KEY: newer } })).toEqual({
      status: 0,
      stdout: 'main: 1 key; no column is declared with encrypted = ["table.column"].\n',
      stderr: '',
    })
  })
})

describe('keys come from', () => {
  const settings = '[database.main]\nurl = "sqlite:app.db"\n'
  const found = { status: 0, stderr: '' }

  test('the variable that is named, before a file, before a program', async () => {
    const line = commandLine({
      'metastore.toml': `${settings}keys_variable = "APP_KEYS"\nkeys_file = "keys/all"\nkeys_command = ["node", "print.cjs", "a b"]\n`,
      'keys/all': `${newer}\n${older}\n`,
      'print.cjs': `if (process.argv[2] === 'a b') console.log(${JSON.stringify([newer, older, generateKey()].join(' '))})`,
      '.env': `FERNET_KEY=no key\n`,
    })
    const environment = { APP_KEYS: newer, PATH: process.env['PATH'] }
    expect(await line.run('keys check', { environment })).toMatchObject({
      ...found,
      stdout: expect.stringMatching(/^main: 1 key;/) as string,
    })
    expect(await line.run('keys check')).toMatchObject({
      ...found,
      stdout: expect.stringMatching(/^main: 2 keys;/) as string,
    })
    line.write('metastore.toml', `${settings}keys_command = ["node", "print.cjs", "a b"]\n`)
    line.write('.env', '')
    expect(await line.run('keys check')).toMatchObject({
      ...found,
      stdout: expect.stringMatching(/^main: 3 keys;/) as string,
    })
    expect((await line.run('config')).stdout).toMatch(/\nkeys_command +\["node","…"\] +metastore\.toml:3:1\n/)
  })

  test.each([
    [
      '',
      'key_missing',
      'There is no key for encryption: the environment variable FERNET_KEY is not set.',
      'database main',
      'Make a key with metastore keys generate and set FERNET_KEY, or name its place with keys_file or keys_command in metastore.toml.',
    ],
    [
      'keys_file = "none"',
      'key_source_failed',
      'The file of keys cannot be read: there is no such file.',
      'none',
      'Correct keys_file, or write the file with metastore keys generate --out FILE.',
    ],
    [
      'keys_command = ["node", "-e", "console.error(\'sk-leak\'); process.exit(7)"]',
      'key_source_failed',
      'The program "node", which should print the keys, ended with status 7.',
      'keys_command',
      'Run it by hand: it must print the keys, the newest first, and nothing else.',
    ],
    [
      'keys_command = ["no-such-program", "sk-leak"]',
      'key_source_failed',
      'The program "no-such-program", which should print the keys, is not installed, or not on the PATH.',
      'keys_command',
      'Run it by hand: it must print the keys, the newest first, and nothing else.',
    ],
    [
      `keys_command = ["node", "-e", "console.log('sk-leak')"]`,
      'key_invalid',
      'A key is 32 bytes in URL-safe base64, 44 characters; this is 7 characters.',
      'the output of keys_command, key 1 of 1',
      'Make a key with metastore keys generate. Several keys stand side by side with a comma, the newest first.',
    ],
  ])('nowhere, or from a broken place: %s', async (setting, code, message, where, next) => {
    const line = commandLine({ 'metastore.toml': `${settings}${setting}\n` })
    expect(await line.run('keys check --verbose')).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error/) as string,
    })
    const { stderr } = await line.run('keys check')
    expect(stderr).toBe(lines(`error [${code}] ${message}`, `  at ${where}`, `  next: ${next}`))
    expect((await line.run('keys check --verbose')).stderr).not.toContain('sk-leak')
  })
})

test.each([
  [
    'keys rotat',
    'There is nothing called "rotat" to be done with keys.',
    'metastore keys',
    'Did you mean rotate? Use metastore keys generate, check or rotate.',
  ],
  ['keys check --dry-run', '--dry-run is for metastore keys rotate.', 'metastore keys check', 'Leave the option out.'],
  ['keys rotate --out x', '--out is for metastore keys generate.', 'metastore keys rotate', 'Leave the option out.'],
])('%s is refused', async (words, message, where, next) => {
  expect(await commandLine(project).run(words)).toEqual({
    status: 2,
    stdout: '',
    stderr: lines(`error [usage] ${message}`, `  at ${where}`, `  next: ${next}`),
  })
})

describe('a setting that is no list of columns', () => {
  test.each([
    [
      'encrypted = "llm.token"',
      'database.main.encrypted must be an array of strings, not a string.',
      'Write it in brackets, each column in quotes: encrypted = ["…"].',
    ],
    [
      'encrypted = ["token"]',
      'database.main.encrypted[0] must be a column of a table.',
      'Write "table.column" or "schema.table.column".',
    ],
    [
      'keys_command = []',
      'database.main.keys_command must not be empty.',
      'Give the program, or an argument of it, or leave the setting out for its default.',
    ],
  ])('%s', async (setting, message, next) => {
    const line = commandLine({ 'metastore.toml': `[database.main]\n${setting}\n` })
    const { status, stderr } = await line.run('keys check')
    expect(status).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toContain(`next: ${next}`)
  })
})

describe('doctor', () => {
  const diagnoses = async (files: Readonly<Record<string, string>>, mode?: number) => {
    const line = commandLine({ ...project, ...files })
    if (mode !== undefined) chmodSync(path.join(line.directory, 'keys'), mode)
    const { stdout } = await line.run('doctor')
    return stdout
      .split('\n')
      .filter((text, index, all) => text.includes(' keys: ') || all[index - 1]?.includes(' keys: '))
  }
  const withFile = { 'metastore.toml': `${project['metastore.toml']}keys_file = "keys"\n`, keys: `${newer}\n${older}` }

  test('says of keys that they are missing, malformed or well-formed, and of their file that others can read it', async () => {
    expect(await diagnoses({})).toMatchObject([
      'problem  keys: Columns are declared as encrypted, and there is no key.',
      '         next: Make a key with metastore keys generate, and give it in FERNET_KEY, or name its place with keys_file or keys_command.',
    ])
    expect((await diagnoses({ '.env': `FERNET_KEY=${older}\n` }))[0]).toBe('ok       keys: FERNET_KEY holds 1 key.')
    expect((await diagnoses({ '.env': 'FERNET_KEY=short\n' }))[0]).toBe(
      'problem  keys: FERNET_KEY, key 1 of 1: A key is 32 bytes in URL-safe base64, 44 characters; this is 5 characters.',
    )
    expect((await diagnoses(withFile, 0o600))[0]).toBe('ok       keys: keys holds 2 keys, the first of which encrypts.')
    expect((await diagnoses(withFile, 0o640)).slice(1)).toEqual([
      'warning  keys: Others than its owner can read or write the file of keys, keys.',
      '         next: chmod 600 keys',
    ])
  })
})
