import { describe, expect, test } from 'vitest'
import { commandLine, lines, twoMigrations, type Around } from './command-line.ts'

const escape = '\u001B['
const terminal = { stdout: true, stderr: true }

describe('colour', () => {
  const coloured = async (words: string, around: Around) => {
    const line = commandLine(twoMigrations)
    const { stdout, stderr } = await line.run(words, around)
    return { stdout: stdout.includes(escape), stderr: stderr.includes(escape) }
  }

  test('is for terminals, each stream for itself', async () => {
    expect(await coloured('status', { terminal })).toEqual({ stdout: true, stderr: false })
    expect(await coloured('status', {})).toEqual({ stdout: false, stderr: false })
    expect(await coloured('status', { terminal: { stderr: true } })).toEqual({ stdout: false, stderr: false })
    expect(await coloured('show 9', { terminal: { stdout: true } })).toEqual({ stdout: false, stderr: false })
    expect(await coloured('show 9', { terminal: { stderr: true } })).toEqual({ stdout: false, stderr: true })
    expect(await coloured('mirgate', { terminal })).toEqual({ stdout: false, stderr: true })
  })

  test.each([
    { words: 'status --no-color', environment: {} },
    { words: 'show 9 --no-color', environment: {} },
    { words: 'status --nope --no-color', environment: {} },
    { words: 'status', environment: { NO_COLOR: '1' } },
    { words: 'mirgate', environment: { NO_COLOR: '1' } },
    { words: 'show 9', environment: { TERM: 'dumb' } },
  ])('is not used for $words with $environment', async ({ words, environment }) => {
    expect(await coloured(words, { terminal, environment })).toEqual({ stdout: false, stderr: false })
  })

  test('is used with an empty NO_COLOR, which means nothing', async () => {
    expect(await coloured('status', { terminal, environment: { NO_COLOR: '' } })).toMatchObject({ stdout: true })
  })

  test('says the same as the plain text', async () => {
    const line = commandLine(twoMigrations)
    const plain = (text: string) => text.replaceAll(/\u001B\[\d+m/g, '')
    expect(plain((await line.run('status', { terminal })).stdout)).toBe((await line.run('status')).stdout)
    expect(plain((await line.run('show 9', { terminal })).stderr)).toBe((await line.run('show 9')).stderr)
  })

  test('is not in the JSON document', async () => {
    expect(await coloured('status --json', { terminal })).toEqual({ stdout: false, stderr: false })
  })
})

describe('--verbose', () => {
  const stackLine = /\n {4}at .*:\d+:\d+\)?\n/

  test('adds the stack to an error, and nothing else does', async () => {
    const line = commandLine(twoMigrations)
    const { stderr } = await line.run('show 9')
    expect(stderr).not.toMatch(stackLine)
    const verbose = await line.run('show 9 --verbose')
    expect(verbose.stderr.startsWith(stderr)).toBe(true)
    expect(verbose.stderr).toMatch(stackLine)
    expect((await line.run('show --verbose')).stderr).toMatch(stackLine)
  })

  test('adds the stack of the cause', async () => {
    const line = commandLine({
      'migrations/001_a.mjs': "export async function up() {\n  throw new Error('no luck')\n}\n",
    })
    const { status, stderr } = await line.run('migrate --url sqlite:app.db --verbose')
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^error \[script_failed\] The migration script threw: no luck\.?\n {2}at migrations\/001_a\.mjs:2:9\n/,
    )
    expect(stderr).toMatch(/\n {2}caused by:\nError: no luck\n/)
  })
})

describe('a defect of our own', () => {
  const around: Around = { interactive: true, ask: () => Promise.reject(new TypeError('boom')) }

  test('is told as one, with its stack, and ends with 1', async () => {
    const line = commandLine(twoMigrations)
    await line.run('migrate')
    const { status, stdout, stderr } = await line.run('rollback 2', around)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(
      /^error \[bug\] boom\n {2}This is a defect of metastore, not of your project\. Please report it with the lines below\.\n {4}at /,
    )
  })
})

describe('--quiet', () => {
  test('leaves what was asked for and errors', async () => {
    const line = commandLine(twoMigrations)
    expect(await line.run('migrate 1 --quiet')).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await line.run('current -q')).toEqual({ status: 0, stdout: '001_users\n', stderr: '' })
    expect(await line.run('show 1 -q')).toMatchObject({ stderr: '' })
    line.write('migrations/002_chats.sql', 'create table users (id integer);\n')
    expect((await line.run('migrate -q')).stderr).toMatch(/^error \[statement_failed\]/)
  })
})

test('what a script says goes to standard error, and not into the JSON document', async () => {
  const line = commandLine({ 'migrations/001_a.mjs': "export async function up({ log }) {\n  log('half way')\n}\n" })
  const { document, stderr } = await line.json('migrate --url sqlite:one.db')
  expect({ document, stderr }).toMatchObject({ document: { ok: true }, stderr: '' })
  expect(await line.run('migrate --url sqlite:two.db')).toEqual({
    status: 0,
    stdout: lines(
      'Migrating sqlite:two.db: 1 migration to apply',
      '  applied 001_a  DURATION',
      'Done: 1 migration applied, it is at 001_a.',
    ),
    stderr: 'half way\n',
  })
  expect((await line.run('migrate --url sqlite:three.db --quiet')).stderr).toBe('')
})
