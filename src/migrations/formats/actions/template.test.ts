import { describe, expect, test } from 'vitest'
import { directoryWith } from '../../../../test/harness/migration-sources.ts'
import { parseMigration } from '../../formats.ts'
import { readMigrationFiles } from '../../read.ts'
import { actionDeclarations } from './declarations.ts'
import { actionTemplate } from './template.ts'

const types = actionDeclarations.map(({ type }) => type)

describe.each(['toml', 'json'] as const)('a new file in %s', (format) => {
  test.each([...types.map((type) => [type]), types, []])('is understood: %s', async (...wanted) => {
    const text = actionTemplate({ title: 'add "cost"\nand more', format, types: wanted })
    const [file] = await readMigrationFiles([directoryWith({ [`1_a.${format}`]: text })])
    if (file === undefined) return expect.unreachable('the file was found')
    const { description, up } = await parseMigration(file, 'postgres')
    expect(description).toBe('add "cost"\nand more')
    expect(up.kind === 'actions' && up.actions.map(({ type }) => type)).toEqual(wanted)
  })
})

test('what the author has to say is in capitals, and what else there is stands above', () => {
  expect(actionTemplate({ title: 'add cost', format: 'toml', types: ['remove_column', 'add_column'] })).toBe(
    `description = "add cost"

# Words in capitals are yours to fill in; \`metastore docs actions\` explains every key.

[[actions]]
type = "remove_column"
table = "TABLE"
column = "COLUMN"
down = "EXPRESSION"

# Further keys: on_insert, up_errors and backfill.
[[actions]]
type = "add_column"
table = "TABLE"
up = "EXPRESSION"

[actions.column]
name = "COLUMN"
type = "TYPE"
nullable = false
`,
  )
})

test('an action that there is not is refused with the nearest one', () => {
  expect(() => actionTemplate({ title: 'x', format: 'toml', types: ['add_colum'] })).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: 'There is no action "add_colum".',
      where: '--action',
      remedy: 'Did you mean add_column?',
    }),
  )
  expect(() => actionTemplate({ title: 'x', format: 'json', types: ['constructor'] })).toThrow(
    expect.objectContaining({
      message: 'There is no action "constructor".',
      remedy:
        'Actions are create_table, rename_table, remove_table, add_column, alter_column, remove_column, add_index, remove_index, add_foreign_key, remove_foreign_key, add_check, remove_check, create_enum, alter_enum, remove_enum, tenant_isolation and custom.',
    }),
  )
})
