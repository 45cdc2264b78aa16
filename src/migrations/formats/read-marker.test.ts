import { describe, expect, test } from 'vitest'
import { parse, refusal, sqlOf, textOf } from '../../../test/harness/sql-migration.ts'

describe('the markers of metastore', () => {
  test('set priority, requirements, description and transactions, on one line or several', async () => {
    const line =
      '-- metastore: priority=P0 requires=001_x,002_y no-transaction description="say \\"hi\\" = \\\\ 😀"\nselect 1;'
    const lines =
      '--metastore:priority = p0\n-- a note\n  -- METASTORE: requires=001_x, 002_y\r\n' +
      '-- metastore: no-transaction description="say \\"hi\\" = \\\\ 😀"\nselect 1;'
    for (const source of [line, lines]) {
      expect(await parse(source)).toMatchObject({
        priority: 'P0',
        requires: ['001_x', '002_y'],
        description: 'say "hi" = \\ 😀',
        up: { transaction: false },
      })
    }
  })

  test('divide a file into up and down, with the places kept', async () => {
    const source = '-- metastore: priority=P2\n-- metastore:up\nselect 1;\n-- metastore:down\nselect 2;\n'
    const { priority, up, down } = await parse(source)
    expect([priority, textOf(up), textOf(down)]).toEqual(['P2', 'select 1;', 'select 2;'])
    for (const part of [sqlOf(up), sqlOf(down)]) {
      expect(source.slice(part?.offset, (part?.offset ?? 0) + (part?.text.length ?? 0))).toBe(part?.text)
    }
  })

  test('need no up marker', async () => {
    const { up, down } = await parse('select 1;\n-- metastore:down\nselect 2;')
    expect([textOf(up), textOf(down)]).toEqual(['select 1;', 'select 2;'])
  })

  test('may say no-transaction for one direction alone', async () => {
    const { up, down } = await parse('-- metastore:up no-transaction\nvacuum;\n-- metastore:down\nselect 2;')
    expect([up, down].map((part) => sqlOf(part)?.transaction)).toEqual([false, true])
    const both = await parse('-- metastore: no-transaction\nvacuum;\n-- metastore:down\nvacuum;')
    expect([both.up, both.down].map((part) => sqlOf(part)?.transaction)).toEqual([false, false])
  })

  test('end a statement that has no semicolon', async () => {
    const { up, down } = await parse('-- metastore:up\nselect 1\n-- metastore:down\nselect 2')
    expect([textOf(up), textOf(down)]).toEqual(['select 1', 'select 2'])
  })

  test('mean nothing in a string, in a body, in a block comment or behind a statement', async () => {
    const source =
      "select '\n-- metastore:down\n', $$\n-- metastore:down\n$$; -- metastore:down\n/*\n-- metastore:down\n*/"
    expect(await parse(source)).toMatchObject({ up: { text: source }, down: undefined })
  })

  test('may be mentioned in prose', async () => {
    expect(await parse('-- metastore is the tool; see metastore: its manual\nselect 1;')).toMatchObject({
      priority: 'P1',
    })
  })

  test('give no down part when it is empty', async () => {
    expect((await parse('select 1;\n-- metastore:down\n-- nobody knows\n')).down).toBeUndefined()
  })

  test.each<[string, string, string, string]>([
    ['-- metastore:donw\nselect 1;', '1:14', 'metastore knows no setting "donw".', 'Did you mean down?'],
    ['\n  -- metastore: piority=P0', '2:17', 'metastore knows no setting "piority".', 'Did you mean priority?'],
    [
      '-- metastore: priority=P0 transaction=false',
      '1:27',
      'metastore knows no setting "transaction".',
      'Did you mean no-transaction?',
    ],
    [
      '-- metastore: priority=P0 colour=red',
      '1:27',
      'metastore knows no setting "colour".',
      'Use one of priority, requires, replaces, extension, description or no-transaction.',
    ],
    [
      '-- metastore: hello',
      '1:15',
      'metastore knows no setting "hello".',
      'Use one of up, down, priority, requires, replaces, extension, description or no-transaction.',
    ],
    [
      '-- metastore: priority=P3',
      '1:24',
      'There is no priority "P3".',
      'Use P0 (the application cannot start without it), P1 or P2.',
    ],
    ['-- metastore: priority', '1:15', 'priority has no value.', 'Write priority=P0.'],
    [
      '-- metastore: requires=',
      '1:15',
      'requires has no value.',
      'Write requires=001_create_threads,002_create_messages.',
    ],
    ['-- metastore: extension=', '1:15', 'extension has no value.', 'Write extension=vector.'],
    ['-- metastore: description=""', '1:15', 'description has no value.', 'Write description="what it is for".'],
    ['-- metastore: no-transaction=true', '1:15', 'no-transaction takes no value.', 'Write no-transaction alone.'],
    ['-- metastore: priority=P0 priority=P1', '1:27', 'priority is said twice.', 'Say it once.'],
    ['-- metastore: priority=P0\n-- metastore: priority=P0', '2:1', 'priority is said twice.', 'Say it once.'],
    [
      '-- metastore: no-transaction\n-- metastore: no-transaction',
      '2:1',
      'no-transaction is said twice.',
      'Say it once.',
    ],
    [
      '-- metastore: priority=P0, requires=001_a',
      '1:26',
      '"," cannot stand here.',
      'Separate settings by spaces, and put a value with spaces or quotes in double quotes.',
    ],
    [
      "-- metastore: description='a'",
      '1:27',
      '"\'" cannot stand here.',
      'Separate settings by spaces, and put a value with spaces or quotes in double quotes.',
    ],
    ['-- metastore: description="a', '1:27', 'This value has no closing quote.', 'Close it on the same line.'],
    [
      '-- metastore:',
      '1:14',
      'This marker says nothing.',
      'After "metastore:" write one of up, down, priority, requires, replaces, extension, description or no-transaction.',
    ],
    [
      '-- metastore:up priority=P0',
      '1:17',
      '"metastore:up" has no option "priority".',
      'The only option there is no-transaction; other settings stand in a header line, "-- metastore: priority=P0".',
    ],
    [
      '-- metastore:up\n-- metastore:up',
      '2:1',
      'The file has a second up part.',
      'Put its statements under the first one.',
    ],
    [
      '-- metastore:down\n-- metastore:down',
      '2:1',
      'The file has a second down part.',
      'Put its statements under the first one.',
    ],
    ['-- metastore:down\n-- metastore:up', '1:1', 'The down part comes before the up part.', 'Put the up part first.'],
    [
      'select 1;\n-- metastore:up',
      '1:1',
      'This statement stands before the up part, so it belongs to neither direction.',
      'Move it below the marker that begins the up part.',
    ],
    [
      'select 1;\n-- metastore: priority=P0',
      '2:1',
      'Settings stand before the first statement of a file, and this line comes after it.',
      'Move the line to the top of the file.',
    ],
    [
      '-- metastore:down\n-- metastore: priority=P0',
      '2:1',
      'Settings stand before the first statement of a file, and this line comes after it.',
      'Move the line to the top of the file.',
    ],
    [
      'create table t (\n-- metastore:down\n);',
      '2:1',
      'This marker stands inside a statement.',
      'Put it between statements; if it is, close the parenthesis or the body above it.',
    ],
  ])('are refused where they are wrong: %j', async (source, place, message, remedy) => {
    expect(await refusal(source)).toMatchObject({
      code: 'migration_invalid',
      message,
      where: `migrations/001_a.sql:${place}`,
      remedy,
    })
  })

  test('are refused with their line and everything else that is wrong', async () => {
    const error = await refusal('-- metastore: priority=P9\ncommit;\n')
    expect(error.details).toEqual([
      '-- metastore: priority=P9',
      '                       ^',
      'One more problem:',
      'migrations/001_a.sql:2:1: COMMIT in a migration that metastore runs in one transaction.',
      '  commit;',
      '  ^',
      '  Remove it, or let the file manage its own transactions: put the line "-- metastore: no-transaction" at its top.',
    ])
  })
})
