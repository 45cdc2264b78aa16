import { expect, test } from 'vitest'
import type { Migration } from '../migration.ts'
import { partsOfRun } from './parts.ts'

function migration(name: string, kind: 'actions' | 'sql'): Migration {
  const path = `${name}.${kind === 'sql' ? 'sql' : 'toml'}`
  const file = { name, version: null, path, absolutePath: path, format: kind, source: '', checksum: '' }
  const sql = { kind: 'sql', text: '', path, offset: 0, source: '', transaction: true } as const
  const actions = { kind: 'actions', path, source: '', actions: [], locate: () => 0 } as const
  return {
    file,
    name,
    description: undefined,
    priority: 'P1',
    requires: [],
    up: kind === 'sql' ? sql : actions,
    down: undefined,
  }
}

const files = [
  migration('1', 'actions'),
  migration('2', 'actions'),
  migration('3', 'sql'),
  migration('4', 'sql'),
  migration('5', 'actions'),
]

function shown(oneByOne?: boolean): string[] {
  return partsOfRun(files, oneByOne).map((part) =>
    part.kind === 'whole' ? part.migration.name : `[${part.migrations.map(({ name }) => name).join(' ')}]`,
  )
}

test('actions that follow each other are one batch, and every other file is a part of its own', () => {
  expect(shown()).toEqual(['[1 2]', '3', '4', '[5]'])
})

test('one by one, each file of actions is a batch of its own', () => {
  expect(shown(true)).toEqual(['[1]', '[2]', '3', '4', '[5]'])
})
