import { expect, test } from 'vitest'
import { count, duration, table } from './tables.ts'

test('a table aligns its columns, whatever is coloured or not of one byte, and pads no line', () => {
  expect(
    table([
      ['id', '\u001B[32mapplied\u001B[39m', 'x'],
      ['größe', 'no', ''],
      ['a', 'no', 'last'],
    ]),
  ).toEqual(['id     \u001B[32mapplied\u001B[39m  x', 'größe  no', 'a      no       last'])
  expect(table([])).toEqual([])
})

test.each([
  [0.4, '0 ms'],
  [12, '12 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [3449, '3.4 s'],
  [59_940, '59.9 s'],
  [59_960, '1 min 0 s'],
  [60_000, '1 min 0 s'],
  [125_000, '2 min 5 s'],
  [3_600_000, '60 min 0 s'],
])('%d milliseconds are %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text)
})

test('a count agrees with its noun', () => {
  expect([0, 1, 2].map((number) => count(number, 'migration'))).toEqual(['0 migrations', '1 migration', '2 migrations'])
})
