import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations } from './command-line.ts'

// What differs from one machine to the next.
const disk = (text: string) => text.replaceAll(/[\d,]+ MB/g, 'N MB').replaceAll(/SQLite [\d.]+\d/g, 'SQLite N')

describe('doctor', () => {
  test('finds all in order, and is one JSON document', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate 1')
    const { status, stdout, stderr } = await line.run('doctor')
    expect({ status, stderr, stdout: disk(stdout) }).toEqual({
      status: 0,
      stdout: lines(
        'ok       server: sqlite:app.db answers: SQLite N.',
        'ok       disk: N MB are free in DIR.',
        'ok       migrations: 1 pending, 1 applied; metastore migrate applies what is pending.',
      ),
      stderr: '',
    })
    const { document } = await line.json('doctor')
    expect(document).toMatchObject({
      command: 'doctor',
      ok: true,
      databases: [
        {
          database: 'main',
          address: 'sqlite:app.db',
          diagnoses: [
            { check: 'server', severity: 'ok', remedy: null },
            { check: 'disk', severity: 'ok', remedy: null },
            {
              check: 'migrations',
              severity: 'ok',
              message: '1 pending, 1 applied; metastore migrate applies what is pending.',
              remedy: null,
            },
          ],
        },
      ],
    })
  })

  test('says of a server that does not answer what can be done, and ends with 3', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.run('doctor --url postgres://app@127.0.0.1:1/app')).toEqual({
      status: 3,
      stdout: lines(
        'problem  server: No database server answers at 127.0.0.1:1.',
        '         next: Start the server, correct the host and the port in the URL, or wait for it with --wait 60s.',
      ),
      stderr: '',
    })
    expect(await line.json('doctor --url postgres://app@127.0.0.1:1/app')).toMatchObject({
      status: 3,
      document: {
        ok: false,
        databases: [{ address: 'postgres://app@127.0.0.1:1/app', diagnoses: [{ severity: 'problem' }] }],
      },
    })
  })

  test('finds what is wrong with the files, or with a setting, once', async () => {
    const spoiled = await commandLine({ ...twoMigrations, 'migrations/notes.txt': '' }).run('doctor')
    expect({ ...spoiled, stdout: disk(spoiled.stdout) }).toEqual({
      status: 3,
      stdout: lines(
        'ok       server: sqlite:app.db answers: SQLite N.',
        'ok       disk: N MB are free in DIR.',
        'problem  files: migrations/notes.txt: A file that ends in .txt cannot be a migration.',
        '         next: Migrations end in .sql, .ts, .mts, .js, .mjs, .toml or .json. Move any other file elsewhere, or put a point before its name to have it ignored.',
      ),
      stderr: '',
    })
    const line = commandLine({ ...twoMigrations, 'metastore.toml': '[database.x]\nurl = "${APP_URL}"\n' })
    expect(await line.run('doctor')).toEqual({
      status: 3,
      stdout: lines(
        'problem  configuration: metastore.toml:2:8: The environment variable APP_URL is not set, but the url of database "x" refers to it.',
        '         next: Set APP_URL in the environment or in .env, or give it a default in the file: ${APP_URL:-…}.',
      ),
      stderr: '',
    })
    expect(await line.json('doctor')).toMatchObject({
      status: 3,
      document: { databases: [{ database: 'x', address: null }] },
    })
  })

  test('finds that files and history disagree', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    line.remove('migrations/001_users.sql')
    const { status, stdout } = await line.run('doctor')
    expect(status).toBe(3)
    expect(stdout).toMatch(
      /\nproblem {2}migrations: Migration 001_users is applied, but its file is gone\.\n {9}next: Restore /,
    )
  })

  test('a warning alone ends with 0', async () => {
    const line = commandLine({
      ...twoMigrations,
      'migrations/003_cut.sql':
        '-- metastore: no-transaction\ncreate table a (id integer);\ncreate table a (id integer);\n',
    })
    await line.run('migrate')
    const { status, stdout } = await line.run('doctor')
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /\nwarning {2}migrations: Migration 003_cut was begun and is not finished\.\n {9}next: metastore migrate goes on with it\.\n$/,
    )
  })
})
