import { describe, expect, test } from 'vitest'
import { fc } from '../../../test/harness/properties.ts'
import { fileOf, parse, refusal, sqlOf, textOf } from '../../../test/harness/sql-migration.ts'
import type { Dialect } from '../../database/sql.ts'
import type { MetastoreError } from '../../errors.ts'

describe('a file of plain SQL', () => {
  test('is the up part as a whole, in one transaction', async () => {
    const source = '-- about threads\ncreate table threads (id int);\n'
    expect(await parse(source)).toEqual({
      file: fileOf(source),
      name: '001_a',
      description: undefined,
      priority: 'P1',
      requires: [],
      up: { kind: 'sql', text: source, path: 'migrations/001_a.sql', offset: 0, source, transaction: true },
      down: undefined,
    })
  })

  test.each(['', '-- nothing yet\n', ';'])('may be empty: %j', async (source) => {
    expect(await parse(source)).toMatchObject({ up: { text: source }, down: undefined })
  })

  test('keeps syntax errors for whoever looks for them', async () => {
    expect(await parse('create tabel t;')).toMatchObject({ up: { text: 'create tabel t;' } })
  })
})

describe('a pair of files', () => {
  test('has its up part in one file and its down part in the other', async () => {
    const { up, down } = await parse(
      '-- metastore: priority=P0\nselect 1;',
      'postgres',
      '-- metastore: no-transaction\nvacuum;',
    )
    expect(up).toMatchObject({ path: 'migrations/001_a.sql', offset: 0, transaction: true })
    expect(down).toMatchObject({ path: 'migrations/001_a.down.sql', offset: 0, transaction: false })
    expect(textOf(down)).toBe('-- metastore: no-transaction\nvacuum;')
  })

  test('may mark the down file as what it is', async () => {
    expect(textOf((await parse('select 1;', 'postgres', '-- migrate:down\nselect 2;')).down)).toBe('select 2;')
  })

  test('has no down part when the down file is empty', async () => {
    expect((await parse('select 1;', 'postgres', '-- none\n')).down).toBeUndefined()
  })

  test('has only one down part', async () => {
    expect((await refusal('select 1;\n-- metastore:down\nselect 2;', 'postgres', 'select 3;')).toJSON()).toEqual({
      code: 'migration_invalid',
      message: '001_a has a down part here and a down file, migrations/001_a.down.sql.',
      where: 'migrations/001_a.sql:2:1',
      remedy: 'Keep one of them.',
      details: ['-- metastore:down', '^'],
    })
  })

  test.each(['-- metastore:up\nselect 1;', '-- metastore: priority=P0\nselect 1;', '-- metastore: requires=000_x'])(
    'has its settings in the up file: %j',
    async (down) => {
      expect((await refusal('select 1;', 'postgres', down)).toJSON()).toEqual({
        code: 'migration_invalid',
        message:
          'migrations/001_a.down.sql is the down file of migrations/001_a.sql, so it has no up part and no settings but no-transaction.',
        where: 'migrations/001_a.down.sql',
        remedy: 'Move them to migrations/001_a.sql.',
        details: [],
      })
    },
  )
})

test('what only psql understands is refused, in a transaction or not', async () => {
  const dump = '\\restrict aT0k3n\nselect 1;\nCOPY public.t (a) FROM stdin;\n1\n\\.\n\\unrestrict aT0k3n\n'
  for (const source of [dump, `-- metastore: no-transaction\n${dump}`]) {
    const error = await refusal(source)
    expect(error.message).toBe('\\restrict is a command of psql, which the database does not understand.')
    expect(error.details.filter((line) => line.startsWith('migrations/'))).toHaveLength(2)
  }
})

test('what is wrong in the down part is told before the up part runs', async () => {
  expect(await refusal('select 1;\n-- metastore:down\nvacuum;')).toMatchObject({ where: 'migrations/001_a.sql:3:1' })
})

const markers = [
  '-- metastore:',
  '-- metastore: ',
  '-- migrate:',
  '-- +goose ',
  'up',
  'down',
  ' no-transaction',
  ' priority=',
  'P0',
]
const signs = [
  ' requires=',
  ' description="',
  '"',
  ',',
  '=',
  '\\',
  "'",
  '$$',
  '/*',
  '*/',
  '(',
  ')',
  '\n',
  '\r\n',
  ';',
  ' ',
  '😀',
]
const statements = ['begin', 'commit', 'vacuum', 'select 1', 'drop index concurrently i', 'copy t from stdin', '\\i a']
const hostile = fc.string({ unit: fc.constantFrom(...markers, ...signs, ...statements), maxLength: 25 })

// Understood with every part where it says it is, but for blanks; or refused with a place.
async function outcomeOf(source: string, dialect: Dialect): Promise<string> {
  try {
    const { up, down } = await parse(source, dialect)
    const moved = [sqlOf(up), sqlOf(down)].find(
      (part) =>
        part && ![...part.text].every((unit, index) => unit === ' ' || unit === [...source.slice(part.offset)][index]),
    )
    return moved === undefined ? 'understood' : `moved: ${moved.text}`
  } catch (error) {
    const { code, where = '', remedy } = error as MetastoreError
    const told = code === 'migration_invalid' && /^migrations\/001_a\.sql:\d+:\d+$/.test(where) && /[.?]$/.test(remedy)
    return told ? 'refused' : String(error)
  }
}

test.each(['postgres', 'sqlite'] as const)(
  'any text is understood or refused with a place in it (%s)',
  async (dialect) => {
    const outcomes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(hostile, async (source) => {
        const outcome = await outcomeOf(source, dialect)
        outcomes.add(outcome)
        expect(['understood', 'refused']).toContain(outcome)
      }),
      { numRuns: 2_000 },
    )
    expect(outcomes).toEqual(new Set(['understood', 'refused']))
  },
)
