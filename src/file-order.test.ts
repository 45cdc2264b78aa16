import { describe, expect, test } from 'vitest'
import { fc } from '../test/harness/properties.ts'
import { compareNames, positionOf, stampOf, versionOf } from './file-order.ts'

const sort = (names: readonly string[]) => names.toSorted(compareNames)

describe('compareNames', () => {
  test.each([
    ['leading integers compare as integers', ['1_a', '2_a', '10_a', '0011_a']],
    [
      'integers of any length keep every digit',
      ['90071992547409929_a', '90071992547409930_a', '90071992547409930000_a'],
    ],
    ['dates compare with times of any precision', ['20250329_z', '2025033000_a', '20250330000059_a', '202503300001_a']],
    ['equal stamps are ordered by the rest of the name', ['20250330_add', '20250330000000_create', '2025033000_drop']],
    ['a plain integer comes before every stamp', ['1_a', '99999999_a', '19700101_a', '20250330_a']],
    ['digits that are no date are a plain integer', ['20250229_a', '20251301_a', '20240229_a']],
    ['a number beyond every stamp comes after it', ['99991231235959_a', '100000000000000_a']],
    ['numbers inside a name compare as integers', ['V1__a', 'V2__a', 'V10__a']],
    ['dates with separators sort as dates', ['2025-03-09_a', '2025-03-30_a', '2025-10-01_a']],
    ['what is not a digit compares by code point', ['001_A', '001_a', '001_ä', '001_\uffee', '001_😀']],
    ['a shorter name comes first', ['001_a', '001_ab', '001_ab_c']],
    ['leading zeros decide only between names that are otherwise equal', ['01_a', '1_a', '001_b']],
    ['a name without a number comes after one with a number', ['9_a', 'a']],
    ['an empty name comes first', ['', '1']],
  ])('%s', (_, names) => {
    expect(sort(names.toReversed())).toEqual(names)
  })

  const name = fc.oneof(
    fc.string({ unit: fc.constantFrom('0', '1', '9', '_', 'a', 'b', '\uffee', '😀', '-'), maxLength: 8 }),
    fc
      .tuple(
        fc.constantFrom('20250330', '2025033000', '202503300000', '20250330000000', '20250230', '1', '01', ''),
        fc.constantFrom('', '_a', '_b', '1', '01', '_😀'),
      )
      .map((parts) => parts.join('')),
  )
  const sign = (a: string, b: string) => Math.sign(compareNames(a, b))

  test('two names compare the opposite way round when they are swapped, and are equal only when they are the same', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(sign(a, b) + sign(b, a)).toBe(0)
        expect(sign(a, b) === 0).toBe(a === b)
      }),
      { numRuns: 2_000 },
    )
  })

  test('of three names, the first is before the last when it is before the second and that before the last', () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        const [first = '', second = '', third = ''] = [a, b, c].toSorted(compareNames)
        expect([sign(first, second) <= 0, sign(second, third) <= 0, sign(first, third) <= 0]).toEqual([
          true,
          true,
          true,
        ])
      }),
      { numRuns: 5_000 },
    )
  })

  test('sorting gives one result whatever order the names come in', () => {
    const shuffled = fc
      .uniqueArray(name, { maxLength: 30 })
      .chain((names) =>
        fc.tuple(fc.constant(names), fc.shuffledSubarray(names, { minLength: names.length, maxLength: names.length })),
      )
    fc.assert(
      fc.property(shuffled, ([names, other]) => {
        expect(sort(other)).toEqual(sort(names))
      }),
    )
  })
})

test.each([
  ['003_add_runs', '3'],
  ['000_a', '0'],
  ['20250330_a', '20250330'],
  ['123456789012345678901234567890_a', '123456789012345678901234567890'],
  ['V1__a', null],
  ['', null],
  ['٣_a', null],
])('the version of %j is %j', (name, version) => {
  expect(versionOf(name)).toBe(version)
})

test.each([
  ['20250330_a', '20250330000000'],
  ['2025033009_a', '20250330090000'],
  ['202503300910_a', '20250330091000'],
  ['20250330091059_a', '20250330091059'],
  ['20240229_a', '20240229000000'],
  ['20250229_a', null],
  ['20250431_a', null],
  ['20250001_a', null],
  ['19691231_a', null],
  ['2025033024_a', null],
  ['202503300060_a', null],
  ['20250330000060_a', null],
  ['202503301_a', null],
  ['003_a', null],
])('the stamp of %s is %s', (name, stamp) => {
  expect(stampOf(name)).toBe(stamp)
})

test('the position of a name is its stamp, or else its number', () => {
  expect(['20250330_a', '003_a', 'a'].map(positionOf)).toEqual(['20250330000000', '3', null])
})
