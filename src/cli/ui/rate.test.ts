import { expect, test } from 'vitest'
import { describePace, rateMeter } from './rate.ts'

test('a rate is told from a second on, and counts from the first news', () => {
  const meter = rateMeter()
  expect(meter.perSecond()).toBeNull()
  meter.add(5000, 0)
  meter.add(5400, 999)
  expect(meter.perSecond()).toBeNull()
  meter.add(5600, 2000)
  expect(meter.perSecond()).toBe(300)
})

test('a rate is that of the last ten seconds', () => {
  const meter = rateMeter()
  for (let second = 0; second <= 20; second++) meter.add(second * 100, second * 1000)
  expect(meter.perSecond()).toBe(100)
  for (let second = 21; second <= 30; second++) meter.add(2000, second * 1000)
  expect(meter.perSecond()).toBe(0)
})

test.each([
  [null, 100, ''],
  [0, 100, '0 rows/s'],
  [12_345.6, null, '12,346 rows/s'],
  [1000, 59_000, '1,000 rows/s  59 s left'],
  [1000, 0, '1,000 rows/s  0 s left'],
  [1000, 125_000, '1,000 rows/s  2 min 5 s left'],
  [10, 76_000, '10 rows/s  2 h 6 min left'],
])('a pace of %s with %s left is %j', (rate, left, expected) => {
  expect(describePace('rows', rate, left)).toBe(expected)
})
