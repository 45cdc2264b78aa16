import { describe, expect, test } from 'vitest'
import { directoryWith } from '../../../../test/harness/migration-sources.ts'
import type { Dialect } from '../../../database/sql.ts'
import { MetastoreError } from '../../../errors.ts'
import { parseMigration } from '../../formats.ts'
import type { ActionsPart, Migration, UnknownKeys } from '../../migration.ts'
import { problemsOf } from '../../problems.ts'
import { readMigrationFiles } from '../../read.ts'

interface Reading {
  readonly name?: string
  readonly dialect?: Dialect
  readonly unknownKeys?: UnknownKeys
}

async function read(
  text: string,
  { name = '1_a.toml', dialect = 'postgres', unknownKeys }: Reading = {},
): Promise<Migration> {
  const [file] = await readMigrationFiles([directoryWith({ [name]: text }, 'm')], { unknownKeys })
  if (file === undefined) throw new RangeError('The file was not found.')
  return parseMigration(file, dialect)
}

async function actionsOf(text: string, reading?: Reading): Promise<ActionsPart['actions']> {
  const { up } = await read(text, reading)
  if (up.kind !== 'actions') throw new RangeError(`The part is a ${up.kind}.`)
  return up.actions
}

/** Everything that a file is refused for: `where: message remedy`, and the excerpt's lines. */
async function refusal(text: string, reading?: Reading): Promise<string[]> {
  const error = await read(text, reading).then(
    () => expect.unreachable('the file was accepted'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof MetastoreError)) throw error
  return problemsOf(error).map(({ where, message, remedy }) => `${where}: ${message} ${remedy}`)
}

/** One action in TOML. */
function action(type: string, keys: string): string {
  return `[[actions]]\ntype = "${type}"\n${keys}\n`
}

test('a file is understood with its description, and nobody has to say how to undo it', async () => {
  const text = 'description = "costs"\n\n[[actions]]\ntype = "rename_table"\ntable = "notes"\nnew_name = "memories"\n'
  const { up, ...migration } = await read(text, { name: '20260101_costs.toml' })
  expect(migration).toMatchObject({
    name: '20260101_costs',
    description: 'costs',
    priority: 'P1',
    requires: [],
    down: undefined,
    warnings: [],
  })
  expect(up).toMatchObject({
    kind: 'actions',
    path: 'm/20260101_costs.toml',
    source: text,
    actions: [{ type: 'rename_table', table: 'notes', new_name: 'memories' }],
  })
})

test('a place in a file is that of the value, or of what is nearest around it', async () => {
  const text = action('add_index', 'table = "t"\nindex = { name = "i", columns = ["a", "b"] }')
  const { up } = await read(text)
  if (up.kind !== 'actions') return expect.unreachable('it has actions')
  const at = (...path: (string | number)[]) => text.slice(up.locate(path)).split('\n', 1)[0]
  expect(at('actions', 0, 'table')).toBe('"t"')
  expect(at('actions', 0, 'index', 'columns', 1)).toBe('"b"] }')
  expect(at('actions', 0, 'index', 'where')).toBe('{ name = "i", columns = ["a", "b"] }')
  expect(at('actions', 0)).toBe('[[actions]]')
  expect(at('actions', 7)).toBe('actions]]')
})

describe('short forms are written out', () => {
  test('of a primary key, of index columns and of words in any case', async () => {
    const [table] = await actionsOf(
      action(
        'create_table',
        `name = "t"
primary_key = "id"
columns = [{ name = "id", type = "INT" }]
foreign_keys = [{ columns = ["id"], referenced_table = "u", referenced_columns = ["id"], on_delete = " set  Null " }]`,
      ),
    )
    expect(table).toMatchObject({ primary_key: ['id'], foreign_keys: [{ on_delete: 'SET NULL' }] })
    const [index] = await actionsOf(
      action(
        'add_index',
        `table = "t"
index = { name = "i", type = "GIN", columns = ["b", { expression = "lower(a)", direction = "desc", nulls = "last" }] }`,
      ),
    )
    expect(index).toMatchObject({
      index: { type: 'gin', columns: [{ column: 'b' }, { expression: 'lower(a)', direction: 'DESC', nulls: 'LAST' }] },
    })
  })

  test('of what is null in JSON, which is as if it were not there', async () => {
    const text = '{"name": null, "actions": [{"type": "custom", "start": null, "complete": "select 1", "abort": null}]}'
    expect(await actionsOf(text, { name: '1_a.json' })).toEqual([{ type: 'custom', complete: 'select 1' }])
    expect(await refusal('{"actions": null}', { name: '1_a.json' })).toEqual([
      'm/1_a.json:1:13: actions is missing. Write the actions as a list of objects: "actions": [{ "type": "…" }]. One that does nothing has an empty list.',
    ])
  })
})

test('a file without actions is one that does nothing', async () => {
  expect(await actionsOf('actions = []')).toEqual([])
  expect(await actionsOf('{"$schema": "../migration.schema.json", "actions": []}', { name: '1_a.json' })).toEqual([])
})

describe('a key that is not known', () => {
  test.each([
    [
      'in a place where it never stands, with the place where it does',
      action(
        'add_column',
        'table = "m"\n[actions.column]\nname = "s"\ntype = "INT"\n[actions.column.up]\nexpression = "1"',
      ),
      'm/1_a.toml:7:17: actions[0].column.up is not known; the nearest place for up is actions[0].up. Write it there, as a string.',
    ],
    [
      'beside the table that has it',
      action('add_column', 'table = "m"\nnullable = false\ncolumn = { name = "s", type = "INT" }'),
      'm/1_a.toml:4:1: actions[0].nullable is not known; the nearest place for nullable is actions[0].column.nullable. Move it there.',
    ],
    [
      'in a list, with the place in the same element',
      action(
        'create_table',
        'name = "t"\nprimary_key = ["a"]\ncolumns = [{ name = "a", type = "INT" }, { name = "b", type = "INT", up = "1" }]',
      ),
      'm/1_a.toml:5:70: actions[0].columns[1].up is not known; the nearest place for up is actions[0].up. Move it there.',
    ],
    [
      'in an action, with the top of the file',
      action('remove_table', 'table = "t"\ndescription = "x"'),
      'm/1_a.toml:4:1: actions[0].description is not known; the nearest place for description is description. Move it there.',
    ],
    [
      'misspelt, once and not a second time as missing',
      action('add_index', 'table = "t"\n[actions.index]\nname = "i"\ncolums = ["a"]'),
      'm/1_a.toml:6:1: actions[0].index.colums is not known. Did you mean actions[0].index.columns?',
    ],
    [
      'misspelt and misplaced',
      action('add_column', 'table = "t"\nnulable = false\ncolumn = { name = "a", type = "INT" }'),
      'm/1_a.toml:4:1: actions[0].nulable is not known. Did you mean actions[0].column.nullable?',
    ],
    [
      'misspelt in an index key',
      action('add_index', 'table = "t"\nindex = { name = "i", columns = [{ colum = "a" }] }'),
      'm/1_a.toml:4:36: actions[0].index.columns[0].colum is not known. Did you mean actions[0].index.columns[0].column?',
    ],
    [
      'like no other',
      action('rename_table', 'table = "t"\nnew_name = "u"\ncascade = true'),
      'm/1_a.toml:5:1: actions[0].cascade is not known. Remove it. What can stand here: type, table and new_name.',
    ],
    [
      'at the top',
      'actions = []\npriority = "P0"',
      'm/1_a.toml:2:1: priority is not known. Remove it. What can stand here: $schema, name, description and actions.',
    ],
    [
      'that steers terminals',
      'actions = []\n"\\u001b[2J\\u202e" = 1',
      'm/1_a.toml:2:1: "\\u001b[2J\\u202e" is not known. Remove it. What can stand here: $schema, name, description and actions.',
    ],
  ])('%s', async (_, text, expected) => {
    expect(await refusal(text)).toEqual([expected])
  })

  test('has its line shown with a mark under it', async () => {
    await expect(read(action('remove_table', 'tabel = "t"'))).rejects.toMatchObject({
      code: 'migration_invalid',
      where: 'm/1_a.toml:3:1',
      details: ['tabel = "t"', '^'],
    })
  })

  test('is a warning and otherwise ignored where that is asked for', async () => {
    const text = action(
      'add_column',
      'table = "m"\n[actions.column]\nname = "s"\ntype = "INT"\n[actions.column.up]\nexpression = "("',
    )
    const { up, warnings = [] } = await read(text, { unknownKeys: 'warn' })
    expect(up).toMatchObject({ actions: [{ type: 'add_column', table: 'm', column: { name: 's', type: 'INT' } }] })
    expect(warnings.map((warning) => warning.toJSON())).toEqual([
      {
        code: 'key_ignored',
        message: 'actions[0].column.up is not known, and is ignored; the nearest place for up is actions[0].up.',
        where: 'm/1_a.toml:7:17',
        remedy: 'Write it there, as a string.',
        details: ['[actions.column.up]', '                ^'],
      },
    ])
  })

  test('does not stand for the one that it resembles, even where it is only a warning', async () => {
    const text = action('add_index', 'table = "t"\nindex = { name = "i", colums = ["a"] }')
    expect(await refusal(text, { unknownKeys: 'warn' })).toEqual([
      'm/1_a.toml:4:9: actions[0].index.columns is missing. Add it: columns = […].',
    ])
  })
})

describe('what does nothing', () => {
  test('is told: where of a derived table', async () => {
    const text = action(
      'create_table',
      'name = "t"\nprimary_key = "a"\ncolumns = [{ name = "a", type = "INT" }]\nup = { table = "u", values = { a = "b" }, where = "b > 0" }',
    )
    const { up, warnings = [] } = await read(text)
    expect(up).toMatchObject({ actions: [{ up: { where: 'b > 0' } }] })
    expect(warnings.map(({ code, where, message, remedy }) => [code, where, message, remedy])).toEqual([
      [
        'key_ignored',
        'm/1_a.toml:6:43',
        'actions[0].up.where does nothing: every row of the source is copied.',
        'Remove it, or make the table without up and fill it by a custom action.',
      ],
    ])
  })
})

describe('a value that cannot be', () => {
  const column = (keys: string) => action('add_column', `table = "m"\ncolumn = { name = "x", type = "INT", ${keys} }`)

  test.each([
    [
      'a number for SQL',
      column('default = 0'),
      '4:48: actions[0].column.default must be a string, not the integer 0. SQL is written as a string: default = "0".',
    ],
    [
      'a boolean for SQL',
      column('default = false'),
      '4:48: actions[0].column.default must be a string, not false. SQL is written as a string: default = "false".',
    ],
    [
      'a float for SQL',
      column('default = 1.5'),
      '4:48: actions[0].column.default must be a string, not the number 1.5. SQL is written as a string: default = "1.5".',
    ],
    [
      'a date for SQL',
      column('default = 2026-01-01'),
      '4:48: actions[0].column.default must be a string, not a date or time. Write it so: default = "…".',
    ],
    [
      'a string for a boolean',
      column('nullable = "false"'),
      '4:49: actions[0].column.nullable must be true or false, not the string "false". Write it without quotation marks: nullable = false.',
    ],
    [
      'a word for a boolean',
      column('nullable = "no"'),
      '4:49: actions[0].column.nullable must be true or false, not the string "no". Write it so: nullable = true.',
    ],
    [
      'a number for a name',
      action('remove_table', 'table = 7'),
      '3:9: actions[0].table must be a string, not the integer 7. Write it as a string: table = "7".',
    ],
    [
      'a string for a table',
      action('add_column', 'table = "m"\ncolumn = "x"'),
      '4:10: actions[0].column must be a table, not the string "x". Write it so: column = { name = "…", type = "…" }.',
    ],
    [
      'a string for a list',
      action('create_enum', 'name = "e"\nvalues = "a"'),
      '4:10: actions[0].values must be an array, not the string "a". Write it as a list: values = ["a"].',
    ],
    [
      'a table for a string',
      action('remove_table', 'table = { name = "t" }'),
      '3:9: actions[0].table must be a string, not a table. Write it so: table = "…".',
    ],
    [
      'a number in a list',
      action('create_enum', 'name = "e"\nvalues = ["a", 1]'),
      '4:16: actions[0].values[1] must be a string, not the integer 1. Write it as a string: "1".',
    ],
    [
      'a number for an index key',
      action('add_index', 'table = "t"\nindex = { name = "i", columns = [1] }'),
      '4:34: actions[0].index.columns[0] must be a string or a table, not the integer 1. Write it as a string: "1".',
    ],
    [
      'a number for a primary key',
      action('create_table', 'name = "t"\nprimary_key = 1\ncolumns = [{ name = "a", type = "INT" }]'),
      '4:15: actions[0].primary_key must be a string or an array, not the integer 1. Write it as a string: primary_key = "1".',
    ],
    [
      'a table that is neither expression nor reference',
      action('remove_column', 'table = "m"\ncolumn = "x"\n[actions.down]\nexpression = "1"'),
      '5:10: actions[0].down must be a string, or a table with table, value and where. Write the expression as a string: down = "…".',
    ],
    [
      'the name of no setting',
      action('tenant_isolation', 'table = "m"\nsetting = "tenant"'),
      '4:11: actions[0].setting is not the name of a setting. Write names with a point between, such as app.tenant_id.',
    ],
    [
      'an action that does not exist',
      action('alter_colum', ''),
      '2:8: actions[0].type: there is no action "alter_colum". Did you mean alter_column?',
    ],
    [
      'an action that is like no other',
      action('transmogrify', ''),
      '2:8: actions[0].type: there is no action "transmogrify". Say which action it is: create_table, rename_table, remove_table, add_column, alter_column, remove_column, add_index, remove_index, add_foreign_key, remove_foreign_key, add_check, remove_check, create_enum, alter_enum, remove_enum, tenant_isolation or custom.',
    ],
    [
      'an action without a type',
      '[[actions]]\ntable = "t"',
      '1:1: actions[0].type is missing. Say which action it is: create_table, rename_table, remove_table, add_column, alter_column, remove_column, add_index, remove_index, add_foreign_key, remove_foreign_key, add_check, remove_check, create_enum, alter_enum, remove_enum, tenant_isolation or custom.',
    ],
    [
      'an action with a number for its type',
      '[[actions]]\ntype = 1',
      '2:8: actions[0].type must be a string, not the integer 1. Say which action it is: create_table, rename_table, remove_table, add_column, alter_column, remove_column, add_index, remove_index, add_foreign_key, remove_foreign_key, add_check, remove_check, create_enum, alter_enum, remove_enum, tenant_isolation or custom.',
    ],
    [
      'a file without actions',
      'description = "x"',
      '1:1: actions is missing. Begin each action with a line [[actions]], and say its type. One that does nothing has an empty list.',
    ],
    [
      'a table of actions instead of a list',
      '[actions]\ntype = "custom"',
      '1:2: actions must be an array, not a table. Begin each action with a line [[actions]], and say its type.',
    ],
    [
      'a string among the actions',
      'actions = ["custom"]',
      '1:12: actions[0] must be a table, not the string "custom". Begin each action with a line [[actions]], and say its type.',
    ],
    [
      'a key that is missing',
      action('rename_table', 'table = "t"'),
      '1:1: actions[0].new_name is missing. Add it: new_name = "…".',
    ],
    [
      'a key that is missing in a table',
      action('add_column', 'table = "t"\ncolumn = { name = "x" }'),
      '4:10: actions[0].column.type is missing. Add it: type = "…".',
    ],
    [
      'a table that is missing',
      action('add_column', 'table = "t"'),
      '1:1: actions[0].column is missing. Add it: column = { name = "…", type = "…" }.',
    ],
    [
      'a key that is missing beside another table',
      action('remove_column', 'table = "t"\ncolumn = "c"\ndown = { table = "u", value = "u.c" }'),
      '5:8: actions[0].down.where is missing. Add it: where = "…".',
    ],
    [
      'an empty primary key',
      action('create_table', 'name = "t"\nprimary_key = []\ncolumns = [{ name = "a", type = "INT" }]'),
      '4:15: actions[0].primary_key is empty. Name at least one.',
    ],
    ['an empty name', action('remove_table', 'table = ""'), '3:9: actions[0].table is empty. Write a name.'],
    [
      'lists of different length',
      action(
        'add_foreign_key',
        'table = "t"\nforeign_key = { columns = ["a", "b"], referenced_table = "u", referenced_columns = ["c"] }',
      ),
      '4:15: actions[0].foreign_key must have as many columns as referenced_columns. Name for each column the one that it refers to, in the same order.',
    ],
    [
      'an index key that is nothing',
      action('add_index', 'table = "t"\nindex = { name = "i", columns = [{ direction = "ASC" }] }'),
      '4:34: actions[0].index.columns[0] must have either column or expression. Write the one that the index is on.',
    ],
    [
      'an index key that is two things',
      action('add_index', 'table = "t"\nindex = { name = "i", columns = [{ column = "a", expression = "b" }] }'),
      '4:34: actions[0].index.columns[0] must have either column or expression. Write the one that the index is on.',
    ],
    [
      'a word that is not one of those there are',
      action('add_index', 'table = "t"\nindex = { name = "i", columns = ["a"], type = "gni" }'),
      '4:47: actions[0].index.type cannot be "gni". Did you mean gin?',
    ],
    [
      'a word like none of those there are',
      action('add_column', 'table = "t"\nup_errors = "explode"\ncolumn = { name = "a", type = "INT" }'),
      '4:13: actions[0].up_errors cannot be "explode". Write fail or defer.',
    ],
    [
      'a name that PostgreSQL would cut off',
      action('remove_table', `table = "${'é'.repeat(32)}"`),
      '3:9: actions[0].table has 64 bytes, and 63 are allowed: PostgreSQL would cut it off. Shorten it by one byte.',
    ],
    [
      'a label that PostgreSQL would cut off',
      action('create_enum', `name = "e"\nvalues = ["", "${'x'.repeat(70)}"]`),
      '4:15: actions[0].values[1] has 70 bytes, and 63 are allowed: PostgreSQL would cut it off. Shorten it by 7 bytes.',
    ],
    [
      'a zero byte',
      action('remove_table', 'table = "a\\u0000"'),
      '3:9: actions[0].table holds a zero byte. Remove it; PostgreSQL stores no text with one.',
    ],
    [
      'a name of the migration that would be cut off',
      `name = "${'x'.repeat(54)}"\nactions = []`,
      '1:8: name has 54 bytes, and 53 are allowed: its schema migration_<name> would be cut off. Shorten it by one byte.',
    ],
    ['an empty name of the migration', 'name = ""\nactions = []', '1:8: name is empty. Write a name.'],
  ])('%s', async (_, text, expected) => {
    expect(await refusal(text)).toEqual([`m/1_a.toml:${expected}`])
  })

  test('is told in the words of JSON in a file of JSON', async () => {
    const text =
      '{"actions": [{"type": "add_column", "table": "m", "column": {"name": "x", "type": "INT", "default": 0}, "up": []}]}'
    expect(await refusal(text, { name: '1_a.json' })).toEqual([
      'm/1_a.json:1:101: actions[0].column.default must be a string, not the number 0. SQL is written as a string: "default": "0".',
      'm/1_a.json:1:111: actions[0].up must be a string or an object, not an array. Write it so: "up": "…".',
    ])
    expect(
      await refusal('{"actions": [{"type": "create_enum", "name": "e", "values": ["\\ud800", null]}]}', {
        name: '1_a.json',
      }),
    ).toEqual([
      'm/1_a.json:1:62: actions[0].values[0] holds half of a character. Write both halves of the surrogate pair, or neither.',
      'm/1_a.json:1:72: actions[0].values[1] must be a string, not null. Write it so: "…".',
    ])
    expect(await refusal('[1]', { name: '1_a.json' })).toEqual([
      'm/1_a.json:1:1: The file must hold an object. Write { "actions": [ … ] }.',
    ])
  })
})

describe('a file that does not parse', () => {
  test.each([
    [
      'TOML that is none',
      'actions = []\nx = ',
      'm/1_a.toml:2:5: The file is not valid TOML: invalid value. Correct it at the mark; https://toml.io describes the format.',
    ],
    [
      'a key written twice',
      'actions = []\nname = "a"\nname = "b"',
      'm/1_a.toml:3:1: name is defined twice. Keep one of the two; the other is on line 2.',
    ],
    [
      'a table written twice',
      '[[actions]]\n[actions.column]\n[actions.column]',
      'm/1_a.toml:3:10: actions[0].column is defined twice. Keep one of the two; the other is on line 2.',
    ],
    [
      'text',
      'Lorem ipsum',
      'm/1_a.toml:1:7: The file is not valid TOML: illegal character in key. Correct it at the mark; https://toml.io describes the format.',
    ],
  ])('%s', async (_, text, expected) => {
    expect(await refusal(text)).toEqual([expected])
  })

  test.each([
    ['an empty file', '', '1:1', 'a value is expected'],
    ['a comma too many', '{"actions": [],}', '1:16', 'a key in double quotation marks is expected'],
    ['a comma too few', '{"actions": [] "name": "x"}', '1:16', 'a comma is expected'],
    ['a comment', '{"actions": [] /* none */}', '1:16', 'it has no comments'],
    ['a string over a line end', '{"name": "a\n"}', '1:10', 'a string does not end on its line'],
    ['an escape that there is not', '{"name": "\\x"}', '1:10', 'a string has an escape that does not exist'],
    ['a brace that is missing', '{"actions": []', '1:15', 'a closing brace is expected'],
    ['something behind the end', '{"actions": []}}', '1:16', 'it goes on after its end'],
    ['a word', '{"actions": none}', '1:13', 'this cannot stand here'],
  ])('%s in JSON', async (_, text, place, reason) => {
    expect(await refusal(text, { name: '1_a.json' })).toEqual([
      `m/1_a.json:${place}: The file is not valid JSON: ${reason}. Correct it at the mark; https://www.json.org describes the format.`,
    ])
  })

  test('a key that JSON has twice, with everything else that is wrong', async () => {
    const text = '{\n"actions": [{"type": "remove_table", "table": 1,\n"table": "t"}], "actions": []}'
    expect(await refusal(text, { name: '1_a.json' })).toEqual([
      'm/1_a.json:2:47: actions[0].table must be a string, not the number 1. Write it as a string: "table": "1".',
      'm/1_a.json:3:1: actions[0].table is written twice. Keep one of the two; the other is on line 2, column 38.',
      'm/1_a.json:3:17: actions is written twice. Keep one of the two; the other is on line 2, column 1.',
    ])
  })
})

test('a name of a file that is too long for a schema is refused', async () => {
  const name = 'a'.repeat(54)
  expect(await refusal('actions = []', { name: `${name}.toml` })).toEqual([
    `m/${name}.toml: The name ${name} has 54 bytes, and 53 are allowed: its schema migration_<name> would be cut off. Give the file a shorter name, or the migration one of its own: name = "…".`,
  ])
  expect(await actionsOf('name = "a"\nactions = []', { name: `${name}.toml` })).toEqual([])
})

test('actions are for PostgreSQL and PGlite only', async () => {
  await expect(read('actions = []', { dialect: 'sqlite' })).rejects.toMatchObject({
    code: 'migration_invalid',
    message: 'm/1_a.toml holds actions, and actions need PostgreSQL or PGlite.',
    where: 'm/1_a.toml',
    remedy: 'Write the migration as SQL, or take a pglite: URL, which needs no server either.',
  })
})

test('everything that is wrong is told at once, in the order of the file', async () => {
  const text = `nam = "x"
${action('rename_table', 'table = 1')}
${action('add_index', 'table = "t"\nindex = { name = "", columns = [], type = "tree", where = "a >" }')}
${action('alter_colum', 'up = "("')}
${action('custom', 'start = "selct 1"\ncomplete = "select 1"')}`
  expect((await refusal(text)).map((line) => line.replace(/^m\/1_a\.toml:|(?<=\.) .*$/g, ''))).toEqual([
    '1:1: nam is not known.',
    '2:1: actions[0].new_name is missing.',
    '4:9: actions[0].table must be a string, not the integer 1.',
    '9:18: actions[1].index.name is empty.',
    '9:32: actions[1].index.columns is empty.',
    '9:43: actions[1].index.type cannot be "tree".',
    '9:63: actions[1].index.where does not parse as an expression: it ends too early.',
    '12:8: actions[2].type: there is no action "alter_colum".',
    '17:10: actions[3].start does not parse: syntax error at or near "selct".',
  ])
})
