import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { describeCommand } from '../src/cli/parse.ts'
import { checkout, startProgram } from './harness/child.ts'

describe('the manual', () => {
  test('holds what its generator makes: run npm run docs when this fails', async () => {
    const ended = await startProgram('scripts/docs.ts', ['--check']).ended
    expect(ended).toMatchObject({ status: 0, stdout: 'The manual is up to date.\n' })
  })

  test('of the shipped schema, the row types of the store are made: run npm run rows when this fails', async () => {
    const ended = await startProgram('scripts/store-rows.ts', ['--check']).ended
    expect(ended).toMatchObject({ status: 0, stdout: 'The row types are up to date.\n' })
  })

  test('every command has a page, and help with an example that begins with its own name', async () => {
    for (const [name, load] of Object.entries(commands)) {
      const definition = await load()
      expect(definition.name).toBe(name)
      expect(definition.examples.length).toBeGreaterThan(0)
      for (const [example] of definition.examples) expect(example).toMatch(new RegExp(`^metastore ${name}( |$)`))
      expect(describeCommand(definition)).toContain('Examples:')
      expect(readFileSync(path.join(checkout, 'docs/commands', `${name}.md`), 'utf8')).toContain(`# metastore ${name}`)
    }
  })
})
