import { describe, expect, test } from 'vitest'
import { directoryWith, readingRefusal } from '../../../../test/harness/migration-sources.ts'
import { readMigrationFiles } from '../../read.ts'

/** The checksum of a file of this name and content. */
async function checksum(name: string, text: string): Promise<string | undefined> {
  const [file] = await readMigrationFiles([directoryWith({ [name]: text })])
  return file?.checksum
}

const toml = `description = "costs"

[[actions]]
type = "create_table"
name = "run_costs"
primary_key = "run_id"

[[actions.columns]]
name = "run_id"
type = "BIGINT"

[[actions]]
type = "add_index"
table = "run_costs"

[actions.index]
name = "i"
columns = ["run_id"]
`

const same = {
  'in TOML with inline tables': [
    'a.toml',
    `actions = [
  { name = "run_costs", type = "create_table", columns = [{ type = "BIGINT", name = "run_id" }], primary_key = ["run_id"] },
  { type = "add_index", table = "run_costs", index = { name = "i", columns = [{ column = "run_id" }] } },
] # no more
description = "costs"`,
  ],
  'in JSON': [
    'a.json',
    JSON.stringify({
      $schema: 'migration.schema.json',
      description: 'costs',
      name: null,
      actions: [
        {
          type: 'create_table',
          name: 'run_costs',
          primary_key: ['run_id'],
          columns: [{ name: 'run_id', type: 'BIGINT', default: null }],
          comment: null,
        },
        { type: 'add_index', table: 'run_costs', index: { name: 'i', columns: ['run_id'] } },
      ],
    }),
  ],
  'with line ends of Windows': ['a.toml', toml.replaceAll('\n', '\r\n')],
  'with a byte order mark': ['a.toml', `\uFEFF${toml}`],
  'with an extension in capitals': ['a.TOML', toml],
} as const

describe('the checksum', () => {
  test.each(Object.entries(same))('is the same for the same migration %s', async (_, [name, text]) => {
    expect(await checksum(name, text)).toBe(await checksum('a.toml', toml))
  })

  test('does not depend on the line ends in a string of several lines', async () => {
    const custom = 'actions = [{ type = "custom", start = """\nselect 1;\nselect 2;\n""" }]\n'
    expect(await checksum('a.toml', custom.replaceAll('\n', '\r\n'))).toBe(await checksum('a.toml', custom))
  })

  test.each([
    ['the order of actions', ['{"actions":[{"type":"a"},{"type":"b"}]}', '{"actions":[{"type":"b"},{"type":"a"}]}']],
    ['a value', ['{"actions":[{"type":"a"}]}', '{"actions":[{"type":"b"}]}']],
    ['a key', ['{"actions":[{"type":"a"}]}', '{"actions":[{"tipe":"a"}]}']],
    ['a description', ['{"actions":[]}', '{"actions":[],"description":"x"}']],
    ['a string for a number', ['{"actions":[1]}', '{"actions":["1"]}']],
    ['a list for a table', ['{"actions":[["a","b"]]}', '{"actions":[{"a":"b"}]}']],
    ['a key called __proto__', ['{"actions":[]}', '{"actions":[],"__proto__":{"x":1}}']],
  ])('changes with %s', async (_, [one, other]) => {
    expect(await checksum('a.json', one ?? '')).not.toBe(await checksum('a.json', other ?? ''))
  })

  test('is that of the text where the text cannot be understood', async () => {
    const sums = await Promise.all(['a = ', 'a =  ', 'b = '].map((text) => checksum('a.toml', text)))
    expect(new Set(sums).size).toBe(3)
    for (const sum of sums) expect(sum).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('the name', () => {
  test('comes from the file, and changes neither order nor number', async () => {
    const one = directoryWith({ '2_b.toml': 'actions = []', '10_c.json': '{"name": "0_first", "actions": []}' }, 'one')
    const two = directoryWith({ '1_a.toml': 'name = "zz"\nactions = []', '3_d.sql': '' }, 'two')
    expect((await readMigrationFiles([one, two])).map(({ name, version, path }) => [name, version, path])).toEqual([
      ['zz', '1', 'two/1_a.toml'],
      ['2_b', '2', 'one/2_b.toml'],
      ['3_d', '3', 'two/3_d.sql'],
      ['0_first', '10', 'one/10_c.json'],
    ])
  })

  test.each([
    ['empty', 'name = ""'],
    ['no text', 'name = 1'],
    ['with a zero byte', 'name = "a\\u0000"'],
  ])('is that of the file where the one it gives itself is %s', async (_, text) => {
    expect(await readMigrationFiles([directoryWith({ '1_a.toml': `${text}\nactions = []` })])).toMatchObject([
      { name: '1_a' },
    ])
  })

  test('is taken by one file only, whatever the other is called', async () => {
    const directory = directoryWith({
      '1_a.sql': '',
      '2_b.toml': 'name = "1_a"\nactions = []',
      '3_c.json': '{"name": "x"}',
    })
    expect(await readingRefusal(directory, directoryWith({ 'x.toml': 'actions = []' }, 'm'))).toEqual({
      code: 'migration_duplicate',
      message: 'migrations/1_a.sql and migrations/2_b.toml both make a migration named 1_a.',
      where: 'migrations/2_b.toml',
      remedy: 'Rename the one that is not applied anywhere yet.',
      details: [
        'One more problem:',
        'm/x.toml: migrations/3_c.json and m/x.toml both make a migration named x.',
        '  Rename the one that is not applied anywhere yet.',
      ],
    })
  })
})

test('a run that applies nothing loads no validator, and the parser of TOML only for a file of TOML', async () => {
  const { build } = await import('esbuild')
  const { metafile } = await build({
    entryPoints: ['src/migrations/formats/actions/identify.ts'],
    outdir: 'out',
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
  const packages = imports.filter(({ external, path }) => external && !path.startsWith('node:')).map(({ path }) => path)
  expect(packages).toEqual(['smol-toml'])
  const own = metafile.inputs['src/migrations/formats/actions/identify.ts']?.imports ?? []
  expect(own.filter(({ path }) => path.includes('toml')).map(({ kind }) => kind)).toEqual(['dynamic-import'])
})
