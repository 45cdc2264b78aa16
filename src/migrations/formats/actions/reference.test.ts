import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { directoryWith } from '../../../../test/harness/migration-sources.ts'
import { parseMigration } from '../../formats.ts'
import { readMigrationFiles } from '../../read.ts'
import { actionDeclarations } from './declarations.ts'
import { actionSchema } from './json-schema.ts'
import { keyReferences } from './reference.ts'

const page = readFileSync(new URL('../../../../docs/guides/actions.md', import.meta.url), 'utf8')
const types = actionDeclarations.map(({ type }) => type)

describe('the manual', () => {
  const sections = new Map(
    page.split(/^## /m).map((section): [string, string] => [section.split('\n', 1)[0] ?? '', section]),
  )

  test.each(types)('has a section on %s, with an example that is understood and has it', async (type) => {
    const [, example = ''] = /```toml\n([^]*?)```/.exec(sections.get(type) ?? '') ?? []
    const [file] = await readMigrationFiles([directoryWith({ '1_a.toml': example })])
    if (file === undefined) return expect.unreachable('the file was found')
    const { up } = await parseMigration(file, 'postgres')
    expect(up.kind === 'actions' && up.actions.map((action) => action.type)).toEqual([type])
  })

  test('has every key of the format, each with what it means', () => {
    const references = keyReferences()
    expect([...references.keys()]).toEqual(expect.arrayContaining(types))
    for (const [part, keys] of references) {
      const [, table = ''] = new RegExp(`<!-- ${part} -->([^]*?)<!-- /${part} -->`).exec(page) ?? []
      for (const { key, meaning } of keys) {
        expect(meaning).toMatch(/^(?!.*\.$)./)
        if (key !== 'type' || !types.includes(part)) expect(table).toContain(`| \`${key}\` |`)
      }
    }
  })
})

test('the JSON Schema knows every action, and no key that nobody declared', () => {
  const schema = JSON.parse(actionSchema()) as {
    $schema: string
    additionalProperties: boolean
    properties: { actions: { items: { oneOf: ActionSchema[] } } }
  }
  const actions = schema.properties.actions.items.oneOf
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
  expect(schema.additionalProperties).toBe(false)
  expect(actions.map(({ properties }) => properties.type.const)).toEqual(types)
  for (const { additionalProperties, properties, title } of actions) {
    expect(additionalProperties).toBe(false)
    expect(title).toBe(properties.type.const)
    for (const { description } of Object.values(properties)) expect(description).toMatch(/./)
  }
})

interface ActionSchema {
  readonly title: string
  readonly additionalProperties: boolean
  readonly properties: Readonly<Record<string, { description: string }>> & {
    readonly type: { const: string; description: string }
  }
}
