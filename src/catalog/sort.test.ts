import { describe, expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { compareCodePoints, sortBy, sortByPath } from './sort.ts'

describe('Code point order', () => {
  test('is that of the bytes in UTF-8, as the databases have it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (left, right) => {
        expect(Math.sign(compareCodePoints(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)))
      }),
    )
  })

  test('puts characters beyond U+FFFF last, where JavaScript does not', () => {
    const names = ['\u{1f600}', '\uff5e', 'a', 'Z', 'aa', '']
    expect(names.toSorted(compareCodePoints)).toEqual(['', 'Z', 'a', 'aa', '\uff5e', '\u{1f600}'])
    expect(names.toSorted()).not.toEqual(names.toSorted(compareCodePoints))
  })

  test('goes by one text after the other', () => {
    const names = [
      { schema: 'b', name: 'a' },
      { schema: 'a', name: 'c' },
      { schema: 'a', name: 'b' },
    ]
    expect(sortByPath(names).map(({ schema, name }) => schema + name)).toEqual(['ab', 'ac', 'ba'])
    expect(sortBy(names, ({ name }) => name).map(({ schema, name }) => schema + name)).toEqual(['ba', 'ab', 'ac'])
  })
})
