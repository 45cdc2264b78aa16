import { expect, test } from 'vitest'
import { fc } from '../test/harness/properties.ts'
import { nearest } from './nearest.ts'

const keys = ['url', 'migrations', 'seeds', 'state_schema', 'lock_timeout', 'lock_wait', 'wait']

test.each([
  ['ulr', 'url'],
  ['urll', 'url'],
  ['ur', 'url'],
  ['URL', 'url'],
  ['migration', 'migrations'],
  ['mirgations', 'migrations'],
  ['lock-wait', 'lock_wait'],
  ['locktimeout', 'lock_timeout'],
  ['stateschema', 'state_schema'],
])('%s is taken for %s', (word, expected) => {
  expect(nearest(word, keys)).toBe(expected)
})

test.each(['', 'host', 'x', 'dir', 'w'.repeat(100_000)])(
  'nothing is near to a word that resembles no candidate',
  (word) => {
    expect(nearest(word, keys)).toBeUndefined()
  },
)

test('of two candidates as near as each other the first wins', () => {
  expect(nearest('bat', ['cat', 'hat'])).toBe('cat')
  expect(nearest('bat', ['hat', 'cat'])).toBe('hat')
})

test('a nearer candidate wins over an earlier one', () => {
  expect(nearest('lock_wait', ['lock_waits', 'lock_wait'])).toBe('lock_wait')
})

test('nothing is near when there are no candidates', () => {
  expect(nearest('url', [])).toBeUndefined()
})

test('one wrong letter of any kind is always forgiven', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcdefgh'), minLength: 2, maxLength: 12 })
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom('drop', 'add', 'change', 'swap'), (right, seed, mistake) => {
      const index = seed % (right.length - 1)
      const [before, after] = [right.slice(0, index), right.slice(index)]
      const wrong = {
        drop: before + after.slice(1),
        add: `${before}z${after}`,
        change: `${before}z${after.slice(1)}`,
        swap: before + (after[1] ?? '') + (after[0] ?? '') + after.slice(2),
      }[mistake]
      expect(nearest(wrong, ['zzzzzzzzzzzzzzzzzzzzzzzzz', right])).toBe(right)
    }),
  )
})
