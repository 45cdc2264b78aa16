import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { newMigration, nextNumber } from './new-migration.ts'
import { compareNames } from '../file-order.ts'

const now = new Date('2026-03-04T05:06:07.089Z')
const named = (...names: string[]) => names.map((name) => ({ name }))

describe('the number of a new migration', () => {
  test.each([
    ['a time stamp in a new project', [], '20260304050607'],
    ['the next integer, as wide as the newest', ['001_a', '002_b'], '003'],
    ['wider when the digits are used up', ['98_a', '99_b'], '100'],
    ['a time stamp after a date', ['20250330_a'], '20260304050607'],
    ['a time stamp after a time stamp', ['20250330101112_a'], '20260304050607'],
    ['the next integer after a stamp that lies in the future', ['20990101000000_a'], '20990101000001'],
    ['the next integer after a number that sorts after every stamp', ['99999999999999999_a'], '100000000000000000'],
  ])('%s', (_, existing, expected) => {
    expect(nextNumber(named(...existing), now)).toBe(expected)
  })

  test('always sorts last', () => {
    for (const newest of ['1_a', '099_b', '20250101_c', '20251231235959_d', '1700000000_e', '1700000000000_f']) {
      expect(compareNames(`${nextNumber(named(newest), now)}_x`, newest)).toBeGreaterThan(0)
    }
  })
})

describe('the file of a new migration', () => {
  const write = (name: string, format = 'sql', absolute = path.join(temporaryDirectory(), 'migrations')) =>
    newMigration({ name, format, directory: { path: 'migrations', absolute }, existing: [], now })

  test('is named by what it does, and says it', async () => {
    const absolute = path.join(temporaryDirectory(), 'new', 'migrations')
    expect(await write('Add "runs" täble!', 'sql', absolute)).toBe('migrations/20260304050607_add_runs_ta_ble.sql')
    const [file = ''] = readdirSync(absolute)
    expect(readFileSync(path.join(absolute, file), 'utf8')).toContain(`-- metastore: description="Add  runs  täble!"`)
  })

  test('of actions begins with those that are asked for, in both formats', async () => {
    const absolute = path.join(temporaryDirectory(), 'migrations')
    const directory = { path: 'migrations', absolute }
    const existing = [{ name: 'renamed', stem: '007_a' }]
    const wanted = { name: 'add cost', directory, existing, now, actions: ['add_column', 'add_index'] }
    expect(await newMigration({ ...wanted, format: 'toml' })).toBe('migrations/008_add_cost.toml')
    expect(await newMigration({ ...wanted, format: 'json' })).toBe('migrations/008_add_cost.json')
    expect(readFileSync(path.join(absolute, '008_add_cost.toml'), 'utf8')).toMatch(
      /^description = "add cost"[^]*type = "add_column"[^]*type = "add_index"/,
    )
    expect(JSON.parse(readFileSync(path.join(absolute, '008_add_cost.json'), 'utf8'))).toMatchObject({
      description: 'add cost',
      actions: [{ type: 'add_column' }, { type: 'add_index' }],
    })
    await expect(newMigration({ ...wanted, format: 'sql' })).rejects.toMatchObject({
      code: 'usage',
      message: 'A migration in sql has no actions.',
      where: '--action',
      remedy: 'Leave --format away, or use --format toml or --format json.',
    })
    await expect(newMigration({ ...wanted, format: 'toml', actions: ['x'] })).rejects.toMatchObject({ code: 'usage' })
    expect(readdirSync(absolute)).toHaveLength(2)
  })

  test('is not written over another', async () => {
    const absolute = path.join(temporaryDirectory(), 'migrations')
    await write('a', 'ts', absolute)
    await expect(write('a', 'ts', absolute)).rejects.toMatchObject({
      code: 'file_exists',
      message: 'migrations/20260304050607_a.ts is there already.',
      remedy: 'Choose another name.',
    })
  })

  test('needs a name with letters or digits, and a format that there is', async () => {
    await expect(write('!?')).rejects.toMatchObject({
      code: 'usage',
      message: '"!?" gives no file name.',
      remedy: 'Say what the migration does in letters or digits: metastore new add runs table.',
    })
    await expect(write('a', 'yaml')).rejects.toMatchObject({
      code: 'usage',
      message: 'There is no format "yaml".',
      remedy: 'Use --format sql, ts, js, toml, json.',
    })
  })
})
