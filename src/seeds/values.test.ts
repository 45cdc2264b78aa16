import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { seedWorld, type SeedWorld } from '../../test/harness/seed-world.ts'
import { applySeeds, planSeeds, type SeedResult } from './seeds.ts'

const texts = [
  '',
  ' ',
  "it's",
  'say "hi"',
  'back\\slash \\N \\. \\x41',
  'tab\tnew\nline\r\nend',
  '😀 é\u0301 \u202e',
  '=1+1; drop table values',
  '$1 ${x} {{y}}',
  'null',
  'x'.repeat(1_000_000),
]

const counts = ({ files }: SeedResult) => files.map((file) => file.counts)
const sum = (inserted: number, updated = 0, unchanged = 0, removed = 0) => ({ inserted, updated, unchanged, removed })

describe.each(engines)('values on $name', (engine) => {
  let world: SeedWorld
  const postgres = engine.name !== 'sqlite'
  beforeAll(async () => {
    world = await seedWorld(
      engine,
      `create table texts (id integer primary key, body text, more ${postgres ? 'jsonb' : 'json'}, big ${postgres ? 'numeric' : 'text'}, flag boolean);`,
    )
  })
  afterAll(() => world.close())

  async function bodies(): Promise<unknown[]> {
    return (await world.rows('select body from texts order by id')).map(({ body }) => body)
  }

  test('texts arrive byte for byte, from every format', async () => {
    const rows = texts.map((body, id) => ({ id, body }))
    const csv = rows.map(({ id, body }) => `${id},"${body.replaceAll('"', '""')}"\n`).join('')
    const formats: Readonly<Record<string, string>> = {
      'a.json': JSON.stringify({ table: 'texts', rows }),
      'a.yaml': JSON.stringify({ table: 'texts', rows }),
      'a.toml': `table = "texts"\n${rows.map(({ id, body }) => `[[rows]]\nid = ${id}\nbody = ${JSON.stringify(body)}\n`).join('')}`,
      'a.csv': `# table: texts\nid,body\n${csv}`,
    }
    for (const [name, text] of Object.entries(formats)) {
      world.clear()
      await world.rows('delete from texts')
      world.write(name, text)
      expect([name, counts(await applySeeds(world.options()))]).toEqual([name, [sum(texts.length)]])
      expect([name, await bodies()]).toEqual([name, texts])
      expect([name, counts(await applySeeds(world.options({ force: true })))]).toEqual([
        name,
        [sum(0, 0, texts.length)],
      ])
    }
  })

  test('rows come from files of JSON lines and of CSV, and a null is no empty text', async () => {
    for (const [name, text, expected] of [
      ['d/rows.jsonl', texts.map((body, id) => `${JSON.stringify({ id, body })}\n`).join(''), texts],
      ['d/rows.json', JSON.stringify(texts.map((body, id) => ({ id, body }))), texts],
      ['d/rows.csv', 'id,body\r\n0,\r\n1,""\r\n2,"a\nb"\r\n3,plain', [null, '', 'a\nb', 'plain']],
    ] as const) {
      world.clear()
      await world.rows('delete from texts')
      world.write('a.yaml', `table: texts\nkey: [id]\nrows_from: ${name}\n`)
      world.write(name, text)
      await applySeeds(world.options())
      expect([name, await bodies()]).toEqual([name, expected])
    }
  })

  test('numbers keep every digit, booleans and JSON their kind, however deep', async () => {
    const deep = `${'['.repeat(90)}1${']'.repeat(90)}`
    world.clear()
    await world.rows('delete from texts')
    const row = (id: number) =>
      `{"id": ${id}, "big": 12345678901234567890.123400, "flag": true, "more": {"n": 9007199254740993, "d": ${deep}}}`
    world.write('a.json', `{"table": "texts", "key": ["id"], "rows": [${row(1)}]}`)
    world.write('b.toml', 'table = "texts"\nrows_from = "d/b.jsonl"\nkey = ["id"]\n')
    world.write('d/b.jsonl', `${row(2)}\n`)
    world.write('c.yaml', `table: texts\nrows:\n  - ${row(3)}\n`)
    await applySeeds(world.options())
    const stored = await world.rows('select cast(big as text) as big, flag, cast(more as text) as more from texts')
    const flag = postgres ? true : 1
    expect(stored.map(({ big, flag: stored }) => [big, stored])).toEqual(
      stored.map(() => ['12345678901234567890.123400', flag]),
    )
    for (const { more } of stored) {
      expect(String(more).replaceAll(/\s/g, '')).toContain('9007199254740993')
      expect(String(more)).toContain('[[[[1]]]]')
    }
    expect(counts(await applySeeds(world.options({ force: true })))).toEqual([sum(0, 0, 1), sum(0, 0, 1), sum(0, 0, 1)])
  })

  test('insert-only leaves what is there, and sync removes what is not listed', async () => {
    world.clear()
    await world.rows('delete from texts')
    await world.rows("insert into texts (id, body) values (1, 'mine'), (9, 'stray')")
    world.write(
      'a.yaml',
      'table: texts\nmode: insert-only\nrows:\n  - { id: 1, body: theirs }\n  - { id: 2, body: new }\n',
    )
    expect(counts(await applySeeds(world.options()))).toEqual([sum(1, 0, 1)])
    expect(await bodies()).toEqual(['mine', 'new', 'stray'])
    world.write('a.yaml', 'table: texts\nmode: sync\nrows:\n  - { id: 1, body: theirs }\n  - { id: 2, body: new }\n')
    const removals: unknown[] = []
    const refuse = (found: unknown) => {
      removals.push(found)
      return Promise.reject(new Error('No.'))
    }
    await expect(applySeeds(world.options({ onRemovals: refuse }))).rejects.toThrow('No.')
    expect(removals).toEqual([[{ file: 'seeds/a.yaml', table: 'texts', rows: 1 }]])
    expect(await bodies()).toEqual(['mine', 'new', 'stray'])
    expect(counts(await applySeeds(world.options()))).toEqual([sum(0, 1, 1, 1)])
    expect(await bodies()).toEqual(['theirs', 'new'])
  })

  test('a time of insertion stays, and a UUID of the row is the same everywhere', async () => {
    world.clear()
    await world.rows('delete from texts')
    world.write(
      'a.yaml',
      'table: texts\nrows:\n  - { id: 1, body: { $now: true }, big: 1 }\n  - { id: 2, body: { $uuid: true } }\n',
    )
    await applySeeds(world.options())
    const [first, uuid] = await bodies()
    expect(new Date(String(first)).toISOString()).toBe(first)
    expect(uuid).toBe('0260db2d-c2c4-53e9-acdb-d6254bf12b4b')
    world.write(
      'a.yaml',
      'table: texts\nrows:\n  - { id: 1, body: { $now: true }, big: 2 }\n  - { id: 2, body: { $uuid: true } }\n',
    )
    expect(counts(await applySeeds(world.options()))).toEqual([sum(0, 1, 1)])
    expect(await bodies()).toEqual([first, uuid])
  })

  test('an SQL seed says how many rows each statement was about, and runs again only when it changed', async () => {
    world.clear()
    await world.rows('delete from texts')
    world.write(
      'a.sql',
      "-- environments: dev\ninsert into texts (id) values (1), (2);\nupdate texts set body = 'x' where id = 2;\n",
    )
    expect((await applySeeds(world.options())).files.map(({ state }) => state)).toEqual(['skipped'])
    const { files } = await applySeeds(world.options({ environment: 'dev' }))
    expect(files[0]?.statements.map(({ where, rows }) => [where, rows])).toEqual([
      ['seeds/a.sql:2:1', 2],
      ['seeds/a.sql:3:1', 1],
    ])
    expect((await applySeeds(world.options({ environment: 'dev' }))).files.map(({ state }) => state)).toEqual([
      'unchanged',
    ])
    world.write('a.sql', 'insert into texts (id) values (7);\ninsert into texts (id) values (1);\n')
    await expect(applySeeds(world.options())).rejects.toMatchObject({
      where: expect.stringMatching(/^seeds\/a\.sql:2:/) as string,
    })
    expect(await world.rows('select id from texts where id = 7')).toEqual([])
  })

  test('scripts make rows, or work in the transaction themselves', async () => {
    world.clear()
    await world.rows('delete from texts')
    world.write(
      'a.ts',
      "export default { table: 'texts', rows: async function* () { for (let id = 0; id < 3; id++) yield { id, body: `b${id}` } } }\n",
    )
    world.write(
      'b.mjs',
      "export default async ({ db, sql, env }) => { await db.query(sql`update texts set body = ${env('WORD')} where id = 0`) }\n",
    )
    await applySeeds(world.options({ variable: () => 'said' }))
    expect(await bodies()).toEqual(['said', 'b1', 'b2'])
    world.write(
      'b.mjs',
      "export default async ({ db, sql }) => { await db.query(sql`delete from texts`); throw new Error('no luck') }\n",
    )
    await expect(applySeeds(world.options())).rejects.toMatchObject({
      code: 'script_failed',
      message: 'The seed script threw an error: no luck',
      where: 'seeds/b.mjs',
    })
    expect(await bodies()).toEqual(['said', 'b1', 'b2'])
  })

  test('a script runs again when what it imports has changed', async () => {
    world.clear()
    await world.rows('delete from texts')
    world.write('lib/word.ts', "export const word = 'first'\n")
    world.write(
      'a.ts',
      "import { word } from './lib/word.ts'\nexport default { table: 'texts', rows: [{ id: 1, body: word }] }\n",
    )
    const states = async () => (await applySeeds(world.options())).files.map(({ state }) => state)
    expect([await states(), await states()]).toEqual([['applied'], ['unchanged']])
    world.write('lib/word.ts', "export const word = 'second'\n")
    expect([await states(), await bodies()]).toEqual([['applied'], ['second']])
  })

  test('what a set expects is looked at until it is so', async () => {
    world.clear()
    await world.rows('delete from texts')
    world.write(
      'a.yaml',
      'table: texts\nrows:\n  - { id: 1 }\nexpect:\n  - { table: texts, where: id > 0, count: 2 }\n  - { query: select max(id) from texts, equals: 1, name: the last }\n',
    )
    const failure = {
      code: 'seed_expectation_failed',
      message: 'The seed set seeds was applied, and an expectation of it is not met.',
      where: 'seeds/a.yaml:5:5',
      details: ['seeds/a.yaml:5:5: texts where id > 0: expected 2 rows, found 1 row'],
    }
    await expect(applySeeds(world.options())).rejects.toMatchObject(failure)
    await expect(applySeeds(world.options())).rejects.toMatchObject(failure)
    await world.rows('insert into texts (id) values (2)')
    await expect(applySeeds(world.options())).rejects.toMatchObject({
      details: ['seeds/a.yaml:6:5: the last: expected 1, found 2'],
    })
  })

  test('passwords are stored as hashes, and stay while they are the same', async () => {
    world.clear()
    await world.rows('delete from texts')
    const file = (word: string) =>
      JSON.stringify({
        table: 'texts',
        rows: ['bcrypt', 'argon2id', 'scrypt'].map((algorithm, id) => ({
          id,
          body: { $hash: { $env: word }, algorithm, cost: 4 },
        })),
      })
    world.write('a.json', file('ONE'))
    const variable = (name: string) => `the password ${name}`
    await applySeeds(world.options({ variable }))
    const hashes = await bodies()
    expect(hashes.map((hash) => String(hash).split('$')[1])).toEqual(['2b', 'argon2id', 'scrypt'])
    expect(counts(await applySeeds(world.options({ variable, force: true })))).toEqual([sum(0, 0, 3)])
    expect(await bodies()).toEqual(hashes)
    world.write('a.json', file('TWO'))
    const plan = await planSeeds(world.options({ variable }))
    expect(counts(plan)).toEqual([sum(0, 3)])
    expect(JSON.stringify(plan)).not.toContain('password')
    expect(counts(await applySeeds(world.options({ variable })))).toEqual([sum(0, 3)])
    const table = postgres ? 'metastore.seeds' : 'metastore_seeds'
    expect(JSON.stringify(await world.rows(`select * from ${table}`))).not.toContain('password')
  })
})

test.each(engines.slice(0, 1))('files and bytes on $name', async (engine) => {
  const world = await seedWorld(
    engine,
    'create table blobs (id int primary key, bytes bytea, body text, tags text[], at timestamptz)',
  )
  try {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    world.write('d/x.bin', bytes)
    world.write('d/x.txt', 'Grüße\n')
    world.write(
      'a.json',
      JSON.stringify({
        table: 'blobs',
        rows: [
          {
            id: 1,
            bytes: { $file: 'd/x.bin', encoding: 'bytes' },
            body: { $file: 'd/x.txt' },
            tags: ['a "b"', null, '{c}', '\\'],
            at: 'infinity',
          },
          { id: 2, body: { $file: 'd/x.bin', encoding: 'base64' }, tags: [], at: '0044-03-15 BC' },
        ],
      }),
    )
    await applySeeds(world.options())
    expect(await world.rows('select md5(bytes), body, tags, cast(at as text) as at from blobs where id = 1')).toEqual([
      {
        md5: createHash('md5').update(bytes).digest('hex'),
        body: 'Grüße\n',
        tags: ['a "b"', null, '{c}', '\\'],
        at: 'infinity',
      },
    ])
    expect(await world.rows('select body, cardinality(tags) as tags from blobs where id = 2')).toEqual([
      { body: Buffer.from(bytes).toString('base64'), tags: 0 },
    ])
    expect((await applySeeds(world.options())).files.map(({ state }) => state)).toEqual(['unchanged'])
    world.write('d/x.txt', 'anders')
    expect(counts(await applySeeds(world.options()))).toEqual([sum(0, 1, 1)])
  } finally {
    await world.close()
  }
})
