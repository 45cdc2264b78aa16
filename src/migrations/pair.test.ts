import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { directoryWith, readingRefusal as refusal } from '../../test/harness/migration-sources.ts'
import { readMigrationFiles } from './read.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('pairs of files', () => {
  test('an up file and a down file are one migration, whose checksum is over both', async () => {
    const pair = { '001_a.up.sql': 'create', '001_a.down.sql': 'drop\r\n' }
    const [file, ...others] = await readMigrationFiles([directoryWith(pair)])
    expect(others).toEqual([])
    expect(file).toMatchObject({
      name: '001_a',
      path: 'migrations/001_a.up.sql',
      source: 'create',
      down: { path: 'migrations/001_a.down.sql', source: 'drop\r\n' },
      checksum: sha256('create\0drop\n'),
    })
  })

  test('an up file needs no down file', async () => {
    expect(await readMigrationFiles([directoryWith({ '001_a.up.sql': '' })])).toMatchObject([
      { name: '001_a', down: undefined },
    ])
  })

  test('a down file without an up file is an error', async () => {
    expect(await refusal(directoryWith({ '001_a.down.sql': '', '001_a.sql': '' }))).toEqual({
      code: 'migration_invalid',
      message: '001_a.down.sql undoes a migration that has no up file.',
      where: 'migrations/001_a.down.sql',
      remedy: 'Put 001_a.up.sql beside it, renaming 001_a.sql where that is the migration.',
      details: [],
    })
  })

  test('files of two directories are no pair', async () => {
    const error = await refusal(
      directoryWith({ '001_a.up.sql': '' }, 'a'),
      directoryWith({ '001_a.down.sql': '' }, 'b'),
    )
    expect(error).toMatchObject({ code: 'migration_invalid', where: 'b/001_a.down.sql' })
  })

  test('two files that make a migration of the same name', async () => {
    const [a, b] = [directoryWith({ '001_a.sql': '' }, 'a'), directoryWith({ '001_a.ts': '' }, 'b')]
    expect(await refusal(a, b)).toEqual({
      code: 'migration_duplicate',
      message: 'a/001_a.sql and b/001_a.ts both make a migration named 001_a.',
      where: 'b/001_a.ts',
      remedy: 'Rename the one that is not applied anywhere yet.',
      details: [],
    })
    expect(await refusal(directoryWith({ '001_a.sql': '', '001_a.up.sql': '' }))).toMatchObject({
      code: 'migration_duplicate',
    })
  })
})
