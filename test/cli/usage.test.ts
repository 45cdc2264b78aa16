import { describe, expect, test } from 'vitest'
import { optionsOf, readOption } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { toolVersion } from '../../src/version.ts'
import { commandLine, lines, twoMigrations } from './command-line.ts'

const names = Object.keys(commands)

describe('help', () => {
  test.each(['', '--help', '-h', 'help', '--project . --help', '--json -h'])(
    'lists every command, as %j',
    async (words) => {
      const { status, stdout, stderr } = await commandLine().run(words)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const listed = /\nCommands:\n(.*?)\n\n/s
        .exec(stdout)?.[1]
        ?.split('\n')
        .map((row) => row.trim().split(' ', 1)[0])
      expect(listed).toEqual(names)
    },
  )

  test.each(names)('of %s says what it takes and prints its examples, however it is asked for', async (name) => {
    const line = commandLine()
    const { status, stdout } = await line.run(`${name} --help`)
    expect(status).toBe(0)
    const definition = await commands[name]?.()
    if (definition === undefined) throw new Error(`There is no command ${name}.`)
    expect(stdout).toMatch(new RegExp(`^Usage: metastore ${name} \\[options\\]`))
    for (const option of optionsOf(definition)) expect(stdout).toContain(`  ${option.flags} `)
    for (const [example, does] of definition.examples) {
      expect(stdout).toContain(`\n  ${example}\n      ${does.replace('20260101120000_', 'STAMP_')}\n`)
    }
    for (const words of [`help ${name}`, `--help ${name}`, `${name} -h`, `${name} --json --help`]) {
      expect(await line.run(words)).toEqual({ status: 0, stdout, stderr: '' })
    }
  })

  test.each(['--version', '-V'])('%s prints the version', async (words) => {
    expect(await commandLine().run(words)).toEqual({ status: 0, stdout: `${toolVersion}\n`, stderr: '' })
  })
})

describe('wrong usage', () => {
  test.each([
    {
      words: 'mirgate',
      says: ['There is no command "mirgate".', 'Did you mean migrate? metastore --help lists the commands.'],
    },
    { words: 'toString', says: ['There is no command "toString".', 'metastore --help lists the commands.'] },
    {
      words: 'help statsu',
      says: ['There is no command "statsu".', 'Did you mean status? metastore --help lists the commands.'],
    },
    { words: '--quiet', says: ['The command line names no command.', 'metastore --help lists the commands.'] },
    { words: '--url', says: ['The command line names no command.', 'metastore --help lists the commands.'] },
  ])('$words', async ({ words, says: [message, remedy] }) => {
    expect(await commandLine(twoMigrations).run(words)).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(`error [usage] ${message}`, `  next: ${remedy}`),
    })
  })

  test.each([
    { words: 'status --chekc', message: 'metastore status has no option --chekc.', hint: 'Did you mean --check? ' },
    { words: 'status --nonsense=secret', message: 'metastore status has no option --nonsense.', hint: '' },
    { words: '--nonsense status', message: 'metastore status has no option --nonsense.', hint: '' },
    { words: 'status -x', message: 'metastore status has no option -x.', hint: '' },
    { words: 'status --check=yes', message: '--check takes no value.', hint: '' },
    { words: 'status --database', message: '--database needs a value: --database <name>.', hint: '' },
    { words: 'status now', message: 'metastore status takes no arguments, but 1 was given.', hint: '' },
    { words: 'status here and now', message: 'metastore status takes no arguments, but 3 were given.', hint: '' },
    {
      words: 'status --wait 3',
      message: '--wait must be a duration such as "500ms", "30s", "10m" or "2h", not "3".',
      where: '--wait',
      remedy: 'Add the unit: ms, s, m or h, as in 3s.',
    },
    {
      words: 'status --lock-timeout 0s',
      message: '--lock-timeout must be at least 1ms, not "0s".',
      where: '--lock-timeout',
      remedy: 'Give a duration of 1ms or more.',
    },
  ])('$words', async ({ words, message, hint, where, remedy }) => {
    expect(await commandLine(twoMigrations).run(words)).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        `error [usage] ${message}`,
        `  at ${where ?? 'metastore status'}`,
        `  next: ${remedy ?? `${hint}metastore status --help shows what it takes.`}`,
      ),
    })
  })

  test('is told as JSON where JSON was asked for, with the command that was meant', async () => {
    const line = commandLine(twoMigrations)
    const error = {
      code: 'usage',
      message: 'metastore status has no option --chekc.',
      where: 'metastore status',
      remedy: 'Did you mean --check? metastore status --help shows what it takes.',
      details: [],
    }
    const document = { command: 'status', ok: false, error }
    expect(await line.json('status --chekc')).toEqual({ status: 2, document, stderr: '' })
    expect(await line.json('--project . status --chekc')).toEqual({ status: 2, document, stderr: '' })
    expect(await line.json('')).toEqual({
      status: 2,
      document: {
        command: null,
        ok: false,
        error: {
          code: 'usage',
          message: 'The command line names no command.',
          where: null,
          remedy: 'metastore --help lists the commands.',
          details: [],
        },
      },
      stderr: '',
    })
  })

  test.each(names)('%s refuses an option that it does not have, and changes nothing', async (name) => {
    const line = commandLine()
    const { status, stdout, stderr } = await line.run(`${name} --no-such-thing`)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^error \\[usage\\] metastore ${name} has no option --no-such-thing\\.\\n`))
  })

  test.each(names.filter((name) => !['new', 'revision', 'generate', 'test', 'fleet', 'api-keys'].includes(name)))(
    '%s refuses too many arguments',
    async (name) => {
      const { status, stderr } = await commandLine().run(`${name} one two`)
      expect(status).toBe(2)
      expect(stderr).toMatch(
        new RegExp(`^error \\[usage\\] metastore ${name} takes (no arguments|1 argument), but 2 were given\\.\\n`),
      )
    },
  )
})

describe('options before the command', () => {
  const line = commandLine({ 'sub/metastore.toml': twoMigrations['metastore.toml'], 'sub/db/001_a.sql': 'select 1;\n' })

  // Derived, so that a value option that is added later is tried as well.
  const withValue = optionsOf({ scope: 'databases' })
    .map(readOption)
    .filter(({ value }) => value !== 'none')

  test('are known to be all that take a value', () => {
    expect(withValue.map(({ name }) => name)).toEqual([
      '--project',
      '--database',
      '--url',
      '--dirs',
      '--schema',
      '--lock-timeout',
      '--lock-deadline',
      '--lock-wait',
      '--wait',
      '--format',
      '--progress',
      '--log-format',
    ])
  })

  test.each(withValue)('$name takes its value, which is not the command', async ({ name }) => {
    for (const words of [`${name} status --quiet mirgate`, `${name}=status mirgate`]) {
      expect((await line.run(words)).stderr).toMatch(/^error \[usage\] There is no command "mirgate"\./)
    }
  })

  test.each([
    '--project sub --dirs sub/db status',
    '--dirs sub/db --project sub status',
    '--project=sub --dirs=sub/db status',
    '--project sub status --dirs sub/db',
  ])('work as they do after it: %s', async (words) => {
    expect(await line.run(words)).toEqual({
      status: 0,
      stdout: lines('sqlite:app.db: 1 migration pending', '  0 migrations applied', '  pending  001_a'),
      stderr: '',
    })
  })

  test('that take several values leave the arguments of the command alone', async () => {
    const project = commandLine({ ...twoMigrations, 'more/003_more.sql': 'select 1;\n' })
    expect(await project.run('--dirs migrations more migrate 2')).toEqual({
      status: 0,
      stdout: lines(
        'Migrating sqlite:app.db: 2 migrations to apply',
        '  applied 001_users  DURATION',
        '  applied 002_chats  DURATION',
        'Done: 2 migrations applied, it is at 002_chats; 1 migration still pending.',
      ),
      stderr: '',
    })
  })
})
