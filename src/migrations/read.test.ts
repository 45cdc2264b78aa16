import { createHash } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { directoryWith, readingRefusal as refusal } from '../../test/harness/migration-sources.ts'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { findMigrationFiles, readMigrationFiles } from './read.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('readMigrationFiles', () => {
  test('reads names, versions, formats, texts and checksums, in the order of application', async () => {
    const directory = directoryWith({ '010_b.ts': 'export {}', '2_a.sql': 'select 1;\r\n', 'x.SQL': 'x' })
    const files = await readMigrationFiles([directory])
    expect(files).toEqual([
      {
        name: '2_a',
        version: '2',
        path: 'migrations/2_a.sql',
        absolutePath: path.join(directory.absolute, '2_a.sql'),
        format: 'sql',
        source: 'select 1;\r\n',
        down: undefined,
        checksum: sha256('select 1;\n'),
      },
      expect.objectContaining({ name: '010_b', version: '10', format: 'script', checksum: sha256('export {}') }),
      expect.objectContaining({ name: 'x', version: null, path: 'migrations/x.SQL', format: 'sql' }),
    ])
  })

  test.each(['.sql', '.ts', '.mts', '.js', '.mjs'])('reads %s', async (extension) => {
    expect(await readMigrationFiles([directoryWith({ [`a${extension}`]: '' })])).toHaveLength(1)
  })

  test('merges several directories into one order', async () => {
    const [a, b] = [directoryWith({ '1_a.sql': '', '3_c.sql': '' }, 'a/'), directoryWith({ '2_b.sql': '' }, 'b')]
    const files = await readMigrationFiles([a, b])
    expect(files.map((file) => file.path)).toEqual(['a/1_a.sql', 'b/2_b.sql', 'a/3_c.sql'])
  })

  test('reads a directory once that is named twice', async () => {
    const directory = directoryWith({ '1_a.sql': '' })
    expect(await readMigrationFiles([directory, directory])).toHaveLength(1)
  })

  test('ignores what is no migration', async () => {
    const directory = directoryWith({
      '.hidden.sql': '',
      '.keep': '',
      'README.md': '',
      'notes.MD': '',
      '001_a.d.ts': '',
      '001_a.d.mts': '',
      '001_a.test.ts': '',
      '001_a.spec.js': '',
      '001_a.js.map': '',
      '001_a.js': '',
    })
    mkdirSync(path.join(directory.absolute, 'archive'))
    writeFileSync(path.join(directory.absolute, 'archive', '000_old.sql'), '')
    mkdirSync(path.join(directory.absolute, '002_directory.sql'))
    mkdirSync(path.join(directory.absolute, 'elsewhere'))
    symlinkSync(path.join(directory.absolute, 'elsewhere'), path.join(directory.absolute, '003_link.sql'))
    expect((await readMigrationFiles([directory])).map(({ name }) => name)).toEqual(['001_a'])
  })

  test('follows links to files', async () => {
    const directory = directoryWith({})
    const target = directoryWith({ 'real.sql': 'select 1' })
    symlinkSync(path.join(target.absolute, 'real.sql'), path.join(directory.absolute, '001_a.sql'))
    expect(await readMigrationFiles([directory])).toMatchObject([{ name: '001_a', source: 'select 1' }])
  })

  test('finds nothing in an empty directory, and in a default one that is missing', async () => {
    const missing = { path: 'migrations', absolute: path.join(temporaryDirectory(), 'migrations'), optional: true }
    expect(await readMigrationFiles([directoryWith({}), missing])).toEqual([])
  })

  test('drops a byte order mark and keeps everything else', async () => {
    const directory = directoryWith({ '001_a.sql': '\ufeffselect 1;\r\n-- é😀' })
    const [file] = await readMigrationFiles([directory])
    expect(file).toMatchObject({ source: 'select 1;\r\n-- é😀', checksum: sha256('select 1;\n-- é😀') })
  })

  test('gives one checksum to the same text with any line ends', async () => {
    const files = await readMigrationFiles([
      directoryWith({ 'a.sql': 'a\nb\n', 'b.sql': 'a\r\nb\r\n', 'c.sql': 'a\rb\r' }),
    ])
    expect(new Set(files.map(({ checksum }) => checksum)).size).toBe(1)
  })

  test('gives a name in composed and in decomposed letters the same spelling', async () => {
    const [file] = await readMigrationFiles([directoryWith({ '001_cafe\u0301.sql': '' })])
    expect(file?.name).toBe('001_caf\u00e9')
  })

  test('loads no parser and no compiler', async () => {
    const { metafile } = await build({
      entryPoints: ['src/migrations/read.ts'],
      outdir: 'out',
      write: false,
      bundle: true,
      splitting: true,
      format: 'esm',
      packages: 'external',
      metafile: true,
    })
    const outputs = Object.entries(metafile.outputs)
    const loaded = new Set(outputs.filter(([, { entryPoint }]) => entryPoint === 'src/migrations/read.ts'))
    for (const [, { imports }] of loaded) {
      const paths = imports.filter(({ kind }) => kind === 'import-statement').map((one) => one.path)
      for (const output of outputs) if (paths.includes(output[0])) loaded.add(output)
    }
    const needed = [...loaded].flatMap(([, { imports, inputs }]) => [
      ...imports.filter(({ kind, external }) => external && kind === 'import-statement').map((one) => one.path),
      ...Object.keys(inputs),
    ])
    expect(needed).toContain('src/migrations/read.ts')
    expect(
      needed.filter((one) =>
        /libpg-query|esbuild|migrations\/(?:sql|formats)\/(?!read-marker|foreign-marker|setting)/.test(one),
      ),
    ).toEqual([])
  })

  test('reads 2,000 files', async () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `${index + 1}_a.sql`)
    const directory = directoryWith(Object.fromEntries(names.map((name) => [name, `-- ${name}`])))
    const files = await readMigrationFiles([directory])
    expect(files.map(({ path: shown, source }) => [shown, source])).toEqual(
      names.map((name) => [`migrations/${name}`, `-- ${name}`]),
    )
  })
})

describe('what cannot be read', () => {
  test('a named directory that is missing', async () => {
    expect(await refusal({ path: 'db/migrations', absolute: path.join(temporaryDirectory(), 'none') })).toEqual({
      code: 'directory_missing',
      message: 'The directory of migrations db/migrations does not exist.',
      where: 'db/migrations',
      remedy: 'Create it, or correct the path where it is named (metastore.toml, --dirs).',
      details: [],
    })
  })

  test('a path that is no directory', async () => {
    const { absolute } = directoryWith({ a: '' })
    expect(await refusal({ path: 'a', absolute: path.join(absolute, 'a'), optional: true })).toMatchObject({
      code: 'directory_missing',
      message: 'The directory of migrations a is not a directory.',
    })
  })

  test.each([
    [
      '001_a.sqll',
      'A file that ends in .sqll cannot be a migration.',
      'Did you mean .sql? Rename it, or put a point before its name to have it ignored.',
    ],
    [
      '001_a.yaml',
      'A file that ends in .yaml cannot be a migration.',
      'Migrations end in .sql, .ts, .mts, .js, .mjs, .toml or .json. Move any other file elsewhere, or put a point before its name to have it ignored.',
    ],
    [
      'x.tml',
      'A file that ends in .tml cannot be a migration.',
      'Did you mean .toml? Rename it, or put a point before its name to have it ignored.',
    ],
    [
      'LICENSE',
      'A file without an extension cannot be a migration.',
      'Migrations end in .sql, .ts, .mts, .js, .mjs, .toml or .json. Move any other file elsewhere, or put a point before its name to have it ignored.',
    ],
  ])('a file of an unknown format: %s', async (name, message, remedy) => {
    expect(await refusal(directoryWith({ [name]: '' }))).toEqual({
      code: 'file_unknown_format',
      message,
      where: `migrations/${name}`,
      remedy,
      details: [],
    })
  })

  test.each(['001_a.sql.bak', '001_a.ini', '001_a.tsx', 'backup.tar.gz', '001_a.'])(
    '%s is of no known format either',
    async (name) => {
      expect(await refusal(directoryWith({ [name]: '' }))).toMatchObject({ code: 'file_unknown_format' })
    },
  )

  test('everything that is wrong is told at once', async () => {
    const directory = directoryWith({ '001_a.sqll': '', '002_b.down.sql': '', '003_c.sql': '\0', '004_d.sql': '' })
    const missing = { path: 'none', absolute: path.join(directory.absolute, 'none') }
    const error = await refusal(directory, missing)
    expect(error).toMatchObject({ code: 'file_unknown_format', where: 'migrations/001_a.sqll' })
    expect(error.details).toEqual([
      '3 more problems:',
      'none: The directory of migrations none does not exist.',
      '  Create it, or correct the path where it is named (metastore.toml, --dirs).',
      'migrations/003_c.sql:1:1: migrations/003_c.sql holds a zero byte, which no text has.',
      '  Save the file as UTF-8 text, and remove the zero byte.',
      'migrations/002_b.down.sql: 002_b.down.sql undoes a migration that has no up file.',
      '  Put 002_b.up.sql beside it, renaming 002_b.sql where that is the migration.',
    ])
    const { files, problems } = await findMigrationFiles([directory, missing])
    expect([files.map(({ name }) => name), problems.length]).toEqual([['004_d'], 4])
  })
})
