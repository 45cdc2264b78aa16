import { describe, expect, test } from 'vitest'
import { commandLine, lines } from './command-line.ts'

const files = {
  'metastore.toml': [
    '[database.first]\nurl = "sqlite:first.db"\n',
    '[database.second]\nurl = "sqlite:second.db"\nmigrations = ["second"]\n',
    '[database.third]\nurl = "sqlite:third.db"\n',
  ].join('\n'),
  'migrations/001_a.sql': 'create table a (id integer);\n',
  'second/001_b.sql': 'create table b (id integer);\n',
}
const broken = { ...files, 'second/002_c.sql': 'create table b (id integer);\n' }

describe('several databases in one project', () => {
  test('are worked on in the order of the file, each under its name', async () => {
    expect(await commandLine(files).run('migrate')).toEqual({
      status: 0,
      stdout: lines(
        'first',
        'Migrating sqlite:first.db: 1 migration to apply',
        '  applied 001_a  DURATION',
        'Done: 1 migration applied, it is at 001_a.',
        '',
        'second',
        'Migrating sqlite:second.db: 1 migration to apply',
        '  applied 001_b  DURATION',
        'Done: 1 migration applied, it is at 001_b.',
        '',
        'third',
        'Migrating sqlite:third.db: 1 migration to apply',
        '  applied 001_a  DURATION',
        'Done: 1 migration applied, it is at 001_a.',
      ),
      stderr: '',
    })
  })

  test('can be chosen: one without a heading, or several in the order given, each once', async () => {
    const line = commandLine(files)
    expect((await line.run('heads --database second')).stdout).toBe('001_b (head)\n')
    expect((await line.run('heads --database third --database second --database third')).stdout).toBe(
      lines('third', '001_a (head)', '', 'second', '001_b (head)'),
    )
    expect((await line.run('--database second heads')).stdout).toBe('001_b (head)\n')
  })

  test('get no headings where nothing is said about them', async () => {
    const line = commandLine(files)
    expect(await line.run('status --check --quiet')).toEqual({ status: 3, stdout: '', stderr: '' })
    expect(await line.run('migrate --quiet')).toEqual({ status: 0, stdout: '', stderr: '' })
    expect((await line.run('current --quiet')).stdout).toBe(
      lines('first', '001_a (head)', '', 'second', '001_b (head)', '', 'third', '001_a (head)'),
    )
  })

  test('are left alone after the first that fails', async () => {
    const line = commandLine(broken)
    const { status, stdout, stderr } = await line.run('migrate')
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: lines(
        'first',
        'Migrating sqlite:first.db: 1 migration to apply',
        '  applied 001_a  DURATION',
        'Done: 1 migration applied, it is at 001_a.',
        '',
        'second',
        'Migrating sqlite:second.db: 2 migrations to apply',
        '  applied 001_b  DURATION',
      ),
    })
    expect(stderr).toMatch(/^Kept: 1 migration applied before the failure\.\nerror \[statement_failed\] /)
    expect(line.exists('third.db')).toBe(false)
  })

  test('are in the JSON document as far as they were reached, what was done in the failing one among it', async () => {
    const { status, document } = await commandLine(broken).json('migrate')
    expect(status).toBe(1)
    expect(document).toMatchObject({ command: 'migrate', ok: false, error: { code: 'statement_failed' } })
    expect((document as { databases: unknown }).databases).toEqual([
      {
        database: 'first',
        address: 'sqlite:first.db',
        applied: [{ name: '001_a', durationMs: 0 }],
        pending: [],
        waiting: [],
        current: '001_a',
      },
      { database: 'second', address: 'sqlite:second.db', applied: [{ name: '001_b', durationMs: 0 }] },
    ])
  })

  test('show which one a failure is of', async () => {
    const line = commandLine({ ...files, 'second/notes.txt': '' })
    const { status, stdout, stderr } = await line.run('heads')
    expect({ status, stdout }).toEqual({ status: 2, stdout: lines('first', '001_a (head)', '', 'second') })
    expect(stderr).toMatch(/^error \[file_unknown_format\]/)
  })

  test('are all examined by doctor, and all answered for by status --check', async () => {
    const line = commandLine(files)
    await line.run('migrate --database first')
    expect(await line.json('status --check')).toMatchObject({
      status: 3,
      document: { ok: false, databases: [{ atHead: true }, { atHead: false }, { atHead: false }] },
    })
    expect(await line.json('doctor')).toMatchObject({
      status: 0,
      document: { databases: [{ database: 'first' }, { database: 'second' }, { database: 'third' }] },
    })
  })

  test('have the name that is given, or there is an error with an empty list', async () => {
    const line = commandLine(files)
    expect(await line.run('status --database secnd')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [database_unknown] There is no database "secnd" in metastore.toml.',
        '  at metastore.toml',
        '  next: Did you mean "second"? Declared are "first", "second", "third".',
      ),
    })
    expect(await line.json('status --database secnd')).toMatchObject({
      status: 2,
      document: { command: 'status', ok: false, databases: [], error: { code: 'database_unknown' } },
    })
  })

  test('cannot share one URL', async () => {
    expect(await commandLine(files).run('status --url sqlite:x.db')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] --url is for one database, but the command is for 3.',
        '  at --url',
        '  next: Name the one that is meant, with --database NAME: "first", "second", "third".',
      ),
    })
    expect(await commandLine(files).run('status --url sqlite:x.db --database first')).toMatchObject({ status: 0 })
  })
})
