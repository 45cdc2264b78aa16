import { expect, test } from 'vitest'
import { fc } from '../../../../test/harness/properties.ts'
import { directoryWith, readingRefusal } from '../../../../test/harness/migration-sources.ts'
import { MetastoreError } from '../../../errors.ts'
import { parseMigration } from '../../formats.ts'
import { problemsOf } from '../../problems.ts'
import { readMigrationFiles } from '../../read.ts'

/** What a file of any content is refused with; an empty list when it is accepted. Anything but a refusal is a defect. */
async function problems(name: string, text: string): Promise<readonly MetastoreError[]> {
  const [file] = await readMigrationFiles([directoryWith({ [name]: text })])
  if (file === undefined) return expect.unreachable('the file was found')
  try {
    await parseMigration(file, 'postgres')
    return []
  } catch (error) {
    if (error instanceof MetastoreError) return problemsOf(error)
    throw error
  }
}

test.each([
  ['brackets in JSON', 'a.json', '['.repeat(300_000)],
  ['objects in JSON', 'a.json', `${'{"actions":'.repeat(300_000)}1${'}'.repeat(300_000)}`],
  [
    'a deep value in a JSON action',
    'a.json',
    `{"actions":[{"type":"custom","start":${'['.repeat(9_000)}${']'.repeat(9_000)}}]}`,
  ],
  ['brackets in TOML', 'a.toml', `actions = ${'['.repeat(300_000)}`],
  ['a long dotted key', 'a.toml', `${'a.'.repeat(300_000)}a = 1`],
  ['deep inline tables', 'a.toml', `actions = ${'[{a='.repeat(400)}1${'}]'.repeat(400)}`],
])('%s do not run out of stack', async (_, name, text) => {
  expect(await problems(name, text)).toMatchObject([{ code: 'migration_invalid' }])
})

test('nesting is told as such', async () => {
  const [toml] = await problems('a.toml', `${'a.'.repeat(200)}a = 1`)
  expect(toml).toMatchObject({
    message: 'The file is nested too deeply.',
    where: 'migrations/a.toml:1:1',
    remedy: 'No action needs so many levels.',
  })
  const [json] = await problems('a.json', `${'['.repeat(200)}${']'.repeat(200)}`)
  expect(json).toMatchObject({
    message: 'The file is nested too deeply.',
    where: 'migrations/a.json:1:101',
    remedy: 'No action needs so many levels.',
  })
})

test('keys that objects have a meaning for are keys like any other', async () => {
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const json = `{"actions": [{"type": "remove_table", "table": "t", "${key}": {"a": 1}}], "${key}": {"b": 1}}`
    expect((await problems('a.json', json)).map(({ message }) => message)).toEqual([
      `actions[0].${key} is not known.`,
      `${key} is not known.`,
    ])
    const toml = `[${key}]\nb = 1\n[[actions]]\ntype = "remove_table"\ntable = "t"\n[actions.${key}]\na = 1`
    expect((await problems('a.toml', toml)).map(({ message }) => message)).toEqual([
      `${key} is not known.`,
      `actions[0].${key} is not known.`,
    ])
    expect(await problems('a.json', `{"actions": [{"type": "${key}"}]}`)).toMatchObject([
      { message: `actions[0].type: there is no action "${key}".` },
    ])
  }
  const values = (key: string) =>
    `{"actions":[{"type":"create_table","name":"t","primary_key":"a","columns":[{"name":"a","type":"int"}],"up":{"table":"u","values":{"${key}":"1"}}}]}`
  expect(await problems('a.json', values('constructor'))).toEqual([])
  expect(await problems('a.json', values('__proto__'))).toMatchObject([
    { message: 'actions[0].up.values.__proto__ is not known.' },
  ])
  expect({}).not.toHaveProperty('b')
})

test('what is no text is refused as such', async () => {
  const binary = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff])
  expect(await readingRefusal(directoryWith({ 'a.toml': binary }))).toMatchObject({ code: 'file_unreadable' })
  expect(await readingRefusal(directoryWith({ 'a.json': '{"actions": []}\0' }))).toMatchObject({
    code: 'file_unreadable',
    where: 'migrations/a.json:1:16',
  })
})

test('a large file is read, and one that was never a migration is not complained of without end', async () => {
  const actions = Array.from({ length: 3_000 }, (_, index) => ({ type: 'remove_table', table: `t${index}` }))
  expect(await problems('a.json', JSON.stringify({ actions }, null, 2))).toEqual([])
  const lock = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`package-${index}`, { version: '1.0.0' }]),
  )
  const found = await problems('package-lock.json', JSON.stringify(lock, null, 2))
  expect(found).toHaveLength(101)
  expect(found.at(-1)).toMatchObject({
    code: 'migration_invalid',
    message: '19901 further problems are not shown.',
    where: 'migrations/package-lock.json',
    remedy: 'Correct those that are shown first.',
  })
})

test('any text at all is accepted or refused with a place', async () => {
  const piece = fc.constantFrom(
    ...[
      'actions',
      'type',
      'add_column',
      'custom',
      'column',
      'up',
      'start',
      'select 1',
      'name',
      'index',
      'columns',
      '__proto__',
    ],
    ...[
      '[[actions]]\n',
      'type = "add_column"\n',
      '"type": "custom",',
      '[actions.column]\n',
      '"actions": [',
      'up = """\n',
    ],
    ...'{}[]",:=.\n\r\t\\\'#10é😀'.split(''),
    ...['null', 'true', '"""', "'''", '\\u0000', '\\ud800', ' = ', '": "'],
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.constantFrom('a.toml', 'a.json'), async (pieces, name) => {
      const text = name === 'a.json' ? `{${pieces.join('')}}` : pieces.join('')
      for (const { message, where, remedy } of await problems(name, text)) {
        expect(where).toMatch(/^migrations\/a\.(?:toml|json):\d+:\d+$/)
        expect(message).toMatch(/\.$/)
        expect(remedy).not.toBe('')
      }
    }),
    { numRuns: 400 },
  )
})
