import { describe, expect, test } from 'vitest'
import type { MigrationFile } from './migration.ts'
import { compareWithHistory, discrepancyError } from './pending.ts'

const file = (name: string, checksum = name): MigrationFile => ({
  name,
  version: null,
  path: `migrations/${name}.sql`,
  absolutePath: `/project/migrations/${name}.sql`,
  format: 'sql',
  source: '',
  checksum,
})
const applied = (name: string, checksum = name) => ({ position: 1, name, checksum })

describe('comparing files with the history', () => {
  test('what is not in the history is pending, in the order of the files', () => {
    const { pending, discrepancies } = compareWithHistory([file('1_a'), file('2_b'), file('10_c')], [applied('1_a')])
    expect(pending.map(({ name }) => name)).toEqual(['2_b', '10_c'])
    expect(discrepancies).toEqual([])
  })

  test('an edited, a missing and a late file are told, each with its kind', () => {
    const files = [file('1_a', 'changed'), file('2_late'), file('4_new')]
    const { discrepancies, newest } = compareWithHistory(files, [applied('1_a'), applied('3_gone')])
    expect(newest).toBe('3_gone')
    expect(discrepancies).toEqual([
      { kind: 'edited', name: '1_a', path: 'migrations/1_a.sql' },
      { kind: 'missing', name: '3_gone', path: null },
      { kind: 'out_of_order', name: '2_late', path: 'migrations/2_late.sql' },
    ])
  })

  test('what somebody allowed is told no more, and an accepted edit is handed on', () => {
    const files = [file('1_a', 'changed'), file('2_late')]
    const comparison = compareWithHistory(files, [applied('1_a'), applied('3_gone')], {
      changed: ['1_a'],
      missing: ['3_gone'],
      outOfOrder: ['2_late'],
    })
    expect(comparison.discrepancies).toEqual([])
    expect(comparison.accepted.map(({ name }) => name)).toEqual(['1_a'])
    expect(comparison.pending.map(({ name }) => name)).toEqual(['2_late'])
  })

  test('a file that gives itself a name is placed by its own, and known by the one it gives', () => {
    const renamed = { ...file('zz'), stem: '1_a' }
    const { pending, discrepancies, newest } = compareWithHistory([renamed, file('2_b')], [applied('zz')])
    expect([pending.map(({ name }) => name), discrepancies, newest]).toEqual([['2_b'], [], 'zz'])
    const late = compareWithHistory([renamed, file('2_b')], [applied('2_b')])
    expect(late.discrepancies).toEqual([{ kind: 'out_of_order', name: 'zz', path: 'migrations/zz.sql' }])
    const last = { ...file('0_first'), stem: '3_c' }
    expect(compareWithHistory([file('2_b'), last], [applied('2_b')]).discrepancies).toEqual([])
    expect(compareWithHistory([file('2_b'), last], [applied('2_b'), applied('0_first')]).newest).toBe('0_first')
  })

  test('a migration applied late before does not make the newest one look old', () => {
    const history = [applied('1_a'), applied('3_c'), applied('2_b')]
    expect(compareWithHistory([file('1_a'), file('2_b'), file('3_c')], history).newest).toBe('3_c')
  })
})

describe('the message of a discrepancy', () => {
  test.each([
    [
      'edited' as const,
      'The file of migration 1_a was edited after it was applied.',
      'Put the change into a new migration and restore this file (metastore show 1_a --applied prints what ran), or accept the file as it is with --allow-changed 1_a.',
    ],
    [
      'missing' as const,
      'Migration 1_a is applied, but its file is gone.',
      'Restore the file (metastore show 1_a --applied prints it), go on without it with --allow-missing 1_a, or take it out of the history with metastore stamp --forget 1_a.',
    ],
    [
      'out_of_order' as const,
      'Migration 1_a is new, but sorts before 2_b, which is already applied.',
      'Rename its file so that it sorts last, or apply it late with --allow-out-of-order 1_a.',
    ],
  ])('%s', (kind, message, remedy) => {
    const path = kind === 'missing' ? null : 'migrations/1_a.sql'
    const error = discrepancyError([{ kind, name: '1_a', path }], '2_b')
    expect(error).toMatchObject({ message, remedy, where: path ?? '1_a', code: `migration_${kind}` })
  })

  test('the others are listed with it', () => {
    const error = discrepancyError(
      [
        { kind: 'missing', name: '1_a', path: null },
        { kind: 'missing', name: '2_b', path: null },
      ],
      '2_b',
    )
    expect(error.details).toEqual(['Also: Migration 2_b is applied, but its file is gone.'])
  })
})
