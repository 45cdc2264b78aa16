import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { MetastoreError } from '../errors.ts'
import { readProject } from './read.ts'

async function rulesOf(text: string) {
  const directory = temporaryDirectory()
  writeFileSync(path.join(directory, 'metastore.toml'), text)
  return (await readProject({ directory, environment: {} })).checkRules
}

async function refusal(text: string): Promise<MetastoreError> {
  const error = await rulesOf(text).then(
    () => expect.unreachable('It was read.'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(MetastoreError)
  return error as MetastoreError
}

test('a project without rules has none, and needs no database for them', async () => {
  expect(await rulesOf('')).toEqual([])
  expect(await rulesOf('[check]\n')).toEqual([])
})

test('rules are read in their order, with what they leave out', async () => {
  const text = `
    [[check.rule]]
    id = "tenant_column"
    message = "Every table has a tenant."
    statement = "CreateStmt"
    require = '\\btenant_id\\b'
    [[check.rule]]
    id = "no-truncate"
    message = "No."
    severity = "P0"
    remedy = "Delete."
    statement = ["TruncateStmt", "DropStmt"]
    matching = "a"
    forbid = "b"`
  expect(await rulesOf(text)).toEqual([
    {
      id: 'tenant_column',
      message: 'Every table has a tenant.',
      severity: 'P1',
      remedy: undefined,
      statements: ['CreateStmt'],
      matching: undefined,
      require: '\\btenant_id\\b',
      forbid: undefined,
    },
    {
      id: 'no-truncate',
      message: 'No.',
      severity: 'P0',
      remedy: 'Delete.',
      statements: ['TruncateStmt', 'DropStmt'],
      matching: 'a',
      require: undefined,
      forbid: 'b',
    },
  ])
})

const form = 'Write each rule below a line [[check.rule]], with an id and a message.'
const kinds = 'PostgreSQL calls them CreateStmt, AlterTableStmt, IndexStmt, UpdateStmt and so on.'
const keys = 'Its keys are id, message, severity, remedy, statement, matching, require, forbid.'
const rule = (more: string) => `[[check.rule]]\nid = "a"\nmessage = "b"\n${more}`

test.each([
  ['check = 1', '1:1', 'check must be a table, not an integer.', form],
  ['[check]\nrules = 1', '2:1', 'There is no setting check."rules".', form],
  ['[check.rule]\nid = "a"', '1:8', 'check.rule must be an array of tables, not a table.', form],
  ['[[check.rule]]\nid = "a"', '2:1', 'check.rule[0] has no message.', 'Add message = "…".'],
  ['[[check.rule]]\nmessage = "a"', '2:1', 'check.rule[0] has no id.', 'Add id = "…".'],
  [
    '[[check.rule]]\nid = "H01"\nmessage = "b"',
    '2:1',
    'check.rule[0].id is "H01", which cannot be an id.',
    'Use letters, digits, - and _, beginning with a letter; H and two digits are the ids of the hazards.',
  ],
  [rule('severity = "high"'), '4:1', 'check.rule[0].severity cannot be "high".', 'Use P0, P1 or P2.'],
  [rule('severty = "P0"'), '4:1', 'A rule has no key "severty".', `Did you mean severity? ${keys}`],
  [
    rule('remedy = 1'),
    '4:1',
    'check.rule[0].remedy must be a string, not an integer.',
    'Write it in quotes, or leave it out.',
  ],
  [
    rule('remedy = ""'),
    '4:1',
    'check.rule[0].remedy must be a string, not an empty one.',
    'Write it in quotes, or leave it out.',
  ],
  [
    rule('require = "("'),
    '4:1',
    'check.rule[0].require is no regular expression: /(/: Unterminated group.',
    'Correct it; backslashes need no doubling in single quotes.',
  ],
  [
    rule('statement = "CreatStmt"'),
    '4:1',
    'There is no kind of statement "CreatStmt".',
    `Did you mean CreateStmt? ${kinds}`,
  ],
  [
    rule('statement = [1]'),
    '4:1',
    'check.rule[0].statement must be the name of a kind of statement, or an array of such.',
    kinds,
  ],
  [`${rule('')}${rule('')}`, '5:1', 'Two rules are called "a".', 'Give each an id of its own.'],
])('what is wrong with a rule is told: %s', async (text, place, message, remedy) => {
  const { code, where, message: said, remedy: advice } = await refusal(text)
  expect({ code, where, message: said, remedy: advice }).toEqual({
    code: 'configuration_invalid',
    where: `metastore.toml:${place}`,
    message,
    remedy,
  })
})
