import { expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { formatDuration, longestDuration, parseDuration } from './durations.ts'

test.each([
  ['0s', 0],
  ['1ms', 1],
  ['500ms', 500],
  ['30s', 30_000],
  ['1.5s', 1500],
  ['10m', 600_000],
  ['2h', 7_200_000],
  [' 2h ', 7_200_000],
  ['2147483647ms', longestDuration],
])('%j is %d milliseconds', (text, expected) => {
  expect(parseDuration(text)).toBe(expected)
})

test.each([
  '',
  '10',
  's',
  '10 s',
  '-1s',
  '+1s',
  '1e3s',
  '1d',
  '1S',
  '1h30m',
  '10sec',
  '.5s',
  '2147483648ms',
  '597h',
  '٣s',
])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test('a duration that was written out is read as the same duration', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: longestDuration }), (milliseconds) => {
      expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds)
    }),
  )
})

test.each([
  [0, '0s'],
  [1, '1ms'],
  [1500, '1500ms'],
  [30_000, '30s'],
  [90_000, '90s'],
  [600_000, '10m'],
  [7_200_000, '2h'],
])('%d milliseconds are written %s', (milliseconds, expected) => {
  expect(formatDuration(milliseconds)).toBe(expected)
})
