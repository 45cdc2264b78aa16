import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../../test/harness/temporary-directory.ts'
import { id, openDatabase, sql } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import { parseMigration } from '../formats.ts'
import type { Migration, ScriptContext, ScriptPart } from '../migration.ts'
import { readMigrationFiles } from '../read.ts'

async function parse(
  script: string,
  others: Readonly<Record<string, string>> = {},
  name = '001_a.ts',
): Promise<Migration> {
  const root = temporaryDirectory()
  const absolute = path.join(root, 'migrations')
  for (const [file, text] of Object.entries({ ...others, [`migrations/${name}`]: script })) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), text)
  }
  symlinkSync(path.resolve('node_modules'), path.join(root, 'node_modules'))
  const files = await readMigrationFiles([{ path: 'migrations', absolute }])
  const [file] = files.filter((one) => one.path === `migrations/${name}`)
  if (file === undefined) throw new Error(`${name} was not found.`)
  return parseMigration(file, 'postgres')
}

const refusal = (...parameters: Parameters<typeof parse>): Promise<ReturnType<MetastoreError['toJSON']>> =>
  parse(...parameters).then(
    () => expect.unreachable('the script was accepted'),
    (error: MetastoreError) => error.toJSON(),
  )

/** Runs a part and returns what it logged. */
async function run(part: Migration['down'], db: Partial<ScriptContext> = {}): Promise<string[]> {
  const lines: string[] = []
  const { signal } = new AbortController()
  const log = (message: string) => void lines.push(message)
  await (part as ScriptPart).run({ dialect: 'postgres', sql, id, signal, log, ...db } as ScriptContext)
  return lines
}

describe('a migration in code', () => {
  test('exports up, down and settings', async () => {
    const migration = await parse(`
      import type { ScriptContext } from 'metastore/migrations'
      export const transaction = false
      export const priority = 'P0'
      export const requires: readonly string[] = ['000_x']
      export const description = 'what it is for'
      export async function up({ log }: ScriptContext) { log('up') }
      export function down({ log }: ScriptContext) { log('down') }
      export const helper = (value: number) => value satisfies number
    `)
    expect(migration).toMatchObject({
      name: '001_a',
      priority: 'P0',
      requires: ['000_x'],
      description: 'what it is for',
      up: { kind: 'script', path: 'migrations/001_a.ts', transaction: false },
      down: { kind: 'script', path: 'migrations/001_a.ts', transaction: false },
    })
    expect([await run(migration.up), await run(migration.down)]).toEqual([['up'], ['down']])
  })

  test('needs up only', async () => {
    expect(await parse('export async function up() {}')).toMatchObject({
      priority: 'P1',
      requires: [],
      description: undefined,
      up: { transaction: true },
      down: undefined,
    })
  })

  test.each(['.ts', '.mts', '.js', '.mjs'])('may end in %s', async (extension) => {
    const { up } = await parse("export const up = ({ log }) => log('up')", {}, `001_a${extension}`)
    expect(await run(up)).toEqual(['up'])
  })

  test('may be one default export, as defineMigration makes it', async () => {
    const { up, priority } = await parse(`
      import { defineMigration } from '${path.resolve('src/migrations/migration.ts')}'
      export default defineMigration({ priority: 'P2', word: 'this', up({ log }) { log(this.word) } } as never)
    `)
    expect([priority, await run(up)]).toEqual(['P2', ['this']])
  })

  test('may be a CommonJS module', async () => {
    const script = `#!/usr/bin/env node
      const { basename } = require('node:path')
      const colors = require('picocolors')
      module.exports = { up: async ({ log }) => log(basename(__filename) + basename(__dirname) + typeof colors.red) }
    `
    expect(await run((await parse(script, {}, '001_a.js')).up)).toEqual(['001_a.jsmigrationsfunction'])
  })

  test('imports files by relative paths, packages, and what tsconfig.json calls otherwise', async () => {
    const { up } = await parse(
      `
      import pc from 'picocolors'
      import { readFileSync } from 'node:fs'
      import { place } from './lib/place.ts'
      import { word } from '@/word'
      import data from './lib/data.json'
      export const up = ({ log }) => {
        log(readFileSync(new URL('./lib/data.json', import.meta.url), 'utf8'))
        log([place(), word, data.a, typeof pc.red, import.meta.url.split('/').at(-1)].join(' '))
      }`,
      {
        'migrations/lib/place.ts': "export const place = (): string => import.meta.dirname.split('/').at(-1) ?? ''",
        'migrations/lib/data.json': '{ "a": 1 }',
        'word.ts': "export const word: string = 'aliased'",
        'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }',
      },
    )
    expect(await run(up)).toEqual(['{ "a": 1 }', 'lib aliased 1 function 001_a.ts'])
  })

  test('may use await at its top level, and its own __dirname', async () => {
    const { up } = await parse(`
      const __dirname = await Promise.resolve('mine')
      export const up = ({ log }) => log(__dirname)
    `)
    expect(await run(up)).toEqual(['mine'])
  })

  test('writes nothing beside the file', async () => {
    const { file } = await parse('export const up = () => {}')
    const { readdirSync } = await import('node:fs')
    expect(readdirSync(path.dirname(file.absolutePath))).toEqual(['001_a.ts'])
  })

  test('runs on a real database', async () => {
    await using database = await openDatabase('sqlite::memory:')
    await using session = await database.session()
    const { up } = await parse(`
      export async function up({ db, sql, id }) {
        await db.query(sql\`create table \${id('a"b')} (n integer)\`)
        for (const n of [1, 2]) await db.query(sql\`insert into \${id('a"b')} values (\${n})\`)
      }`)
    await run(up, { db: session })
    expect(await session.query(sql`select sum(n) as total from ${id('a"b')}`)).toEqual([{ total: 3 }])
  })
})

describe('an error that a script throws', () => {
  test('names the file, line and column as they were written', async () => {
    const { up, file } = await parse(
      "import { fail } from './lib/fail.ts'\ninterface A { a: string }\nexport async function up(context: unknown): Promise<void> {\n  await null\n  fail()\n}\n",
      { 'migrations/lib/fail.ts': "export function fail(): never {\n  throw new Error('no')\n}\n" },
    )
    const error = await run(up).then(
      () => expect.unreachable(),
      (thrown: Error) => thrown,
    )
    const frames = (error.stack ?? '').split('\n')
    expect(frames[1]).toContain(`${path.dirname(file.absolutePath)}/lib/fail.ts:2:9`)
    expect(frames[2]).toContain(`${file.absolutePath}:5:3`)
    expect(error.stack).not.toContain('data:')
    expect(error.stack).not.toContain('?transpiled')
  })

  test('comes as it is, even when it is no error or cannot be changed', async () => {
    for (const thrown of ["'text'", 'undefined', '{ a: 1 }']) {
      const { up } = await parse(`export const up = async () => { throw ${thrown} }`)
      await expect(run(up)).rejects.toEqual(
        thrown === "'text'" ? 'text' : thrown === 'undefined' ? undefined : { a: 1 },
      )
    }
    const { up } = await parse("export const up = async () => { throw Object.freeze(new Error('frozen')) }")
    await expect(run(up)).rejects.toThrow('frozen')
  })

  test('at loading is an error with its place', async () => {
    expect(await refusal("export const up = () => {}\n\nthrow new TypeError('not today')\n")).toEqual({
      code: 'script_failed',
      message: 'The migration script threw while it was loaded: not today',
      where: 'migrations/001_a.ts:3:7',
      remedy: 'Mend the script and run again.',
      details: [],
    })
    const other = { 'migrations/lib/b.ts': '\nthrow new Error(String(1))\nexport const b = 1' }
    expect(await refusal("import { b } from './lib/b.ts'\nexport const up = () => b", other)).toMatchObject({
      code: 'script_failed',
      where: 'migrations/lib/b.ts:2:7',
    })
    expect(await refusal("export const up = () => {}\nthrow 'text'")).toMatchObject({
      message: 'The migration script threw while it was loaded: text',
      where: 'migrations/001_a.ts',
    })
  })

  test('at loading may be what a package does not export', async () => {
    const script = "import { nothingSuch } from 'picocolors/package.json'\nexport const up = () => nothingSuch"
    expect(await refusal(script)).toMatchObject({ code: 'script_failed', where: 'migrations/001_a.ts' })
  })
})

describe('a script that does not compile', () => {
  test.each<[string, string, string, string[]]>([
    [
      'export const é = "😀" b\nexport const up = 1',
      '1:22',
      'Expected ";" but found "b".',
      ['export const é = "😀" b', '                     ^'],
    ],
    [
      'const a = 1\nexport function up( {',
      '2:22',
      'Expected identifier but found end of file.',
      ['export function up( {', '                     ^'],
    ],
    [
      "import x from './gone.ts'\nexport const up = x",
      '1:15',
      'Could not resolve "./gone.ts".',
      ["import x from './gone.ts'", '              ^'],
    ],
    [
      "\nimport x from 'no-such-package'\nexport const up = x",
      '2:15',
      'Could not resolve "no-such-package".',
      ["import x from 'no-such-package'", '              ^'],
    ],
  ])('is refused with the place: %j', async (script, place, message, details) => {
    expect(await refusal(script)).toEqual({
      code: 'migration_invalid',
      message: `The migration script does not compile: ${message}`,
      where: `migrations/001_a.ts:${place}`,
      remedy: 'Mend the script at this place.',
      details,
    })
  })

  test('is refused with the place in the file that it imports', async () => {
    const others = { 'migrations/lib/b.ts': 'export const b = ;' }
    expect(await refusal("import { b } from './lib/b.ts'\nexport const up = () => b", others)).toMatchObject({
      message: 'The migration script does not compile: Unexpected ";".',
      where: 'migrations/lib/b.ts:1:18',
    })
  })

  test('is told everything that is wrong', async () => {
    const { details } = await refusal("import './a.ts'\nimport './b.ts'\nexport const up = 1")
    expect(details).toEqual([
      "import './a.ts'",
      '       ^',
      'One more problem:',
      'migrations/001_a.ts:2:8: The migration script does not compile: Could not resolve "./b.ts".',
      "  import './b.ts'",
      '         ^',
      '  Mend the script at this place.',
    ])
  })
})

describe('a script that exports the wrong things', () => {
  const add = 'Add "export async function up({ db, sql }) { … }".'
  test.each([
    ['export const down = () => {}', 'The script exports no function up.', add],
    ['', 'The script exports no function up.', add],
    ['export const Up = () => {}', 'The script exports no function up.', `Did you mean up by Up? ${add}`],
    ['export default async () => {}', 'The script exports no function up.', add],
    ["export const up = 'select 1'", 'The export up is not a function.', 'Make up a function.'],
    ['export const up = () => {}, down = 1', 'The export down is not a function.', 'Make down a function.'],
    [
      "export const up = () => {}, transaction = 'false'",
      'The export transaction is not true or false.',
      'Make transaction true or false.',
    ],
    [
      "export const up = () => {}, priority = 'P9'",
      "The export priority is not 'P0', 'P1' or 'P2'.",
      "Make priority 'P0', 'P1' or 'P2'.",
    ],
    [
      "export const up = () => {}, requires = '000_x'",
      'The export requires is not a list of names of migrations.',
      'Make requires a list of names of migrations.',
    ],
    [
      'export const up = () => {}, description = 1',
      'The export description is not a text.',
      'Make description a text.',
    ],
    [
      'export const up = () => {}, donw = () => {}',
      'The export donw means nothing here.',
      'Did you mean down? Else do not export it.',
    ],
    [
      'export const up = () => {}, require = []',
      'The export require means nothing here.',
      'Did you mean requires? Else do not export it.',
    ],
  ])('is refused: %s', async (script, message, remedy) => {
    const where = 'migrations/001_a.ts'
    expect(await refusal(script)).toEqual({ code: 'migration_invalid', message, where, remedy, details: [] })
  })
})
