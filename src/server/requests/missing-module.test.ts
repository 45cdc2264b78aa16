import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DatabaseError } from '../../database/database.ts'
import { missingModule } from './missing-module.ts'

const readme = readFileSync(new URL('../../../schema/README.md', import.meta.url), 'utf8')
const modules = [...readme.matchAll(/^\| (\w+) \| (`.*) \|$/gm)].map(([, name = '', tables = '']) => ({
  name,
  tables: [...tables.matchAll(/`([\w.]+)`/g)].map(([, table = '']) => table),
}))

function failing(statement: string, table: string, engineCode = '42P01'): DatabaseError {
  return new DatabaseError({
    code: 'statement_failed',
    message: '',
    remedy: '',
    reason: 'missing_object',
    engineCode,
    statement,
    position: statement.indexOf(table),
    object: undefined,
  })
}

test('a table that a statement lacks is of the module that makes it, and one that all need of none', () => {
  expect(modules).toHaveLength(12)
  const found = modules.map(({ name, tables }) => ({
    name,
    found: [...new Set(tables.map((table) => missingModule(failing(`select from ${table} t`, table))))],
  }))
  const expected = modules.map(({ name }, index) => ({ name, found: [index < 3 ? undefined : name] }))
  expect(found).toEqual(expected)
})

test('another failure is of no module', () => {
  expect(missingModule(failing('select from tasks', 'tasks', '42501'))).toBeUndefined()
  expect(missingModule(failing('select from tasks_of_mine', 'tasks_of_mine'))).toBeUndefined()
})
