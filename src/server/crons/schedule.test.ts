import { expect, test } from 'vitest'
import { nextOccurrence } from './schedule.ts'

function occurrences(schedule: string, from: string, endTime: Date | null = null): string[] {
  const found: string[] = []
  for (let after: Date | undefined = new Date(from); after !== undefined && found.length < 3;) {
    after = nextOccurrence({ schedule, timezone: 'Europe/Paris', endTime }, after)
    if (after !== undefined) found.push(after.toISOString().slice(0, 16))
  }
  return found
}

test('a time of day follows the clocks of its zone', () => {
  expect(occurrences('0 9 * * *', '2026-03-28T00:00:00Z')).toEqual([
    '2026-03-28T08:00',
    '2026-03-29T07:00',
    '2026-03-30T07:00',
  ])
})

test('a time of day that the clocks skip comes an hour later, and one that they repeat comes once', () => {
  expect(occurrences('30 2 * * *', '2026-03-28T12:00:00Z')).toEqual([
    '2026-03-29T01:00',
    '2026-03-30T00:30',
    '2026-03-31T00:30',
  ])
  expect(occurrences('30 2 * * *', '2026-10-24T12:00:00Z')).toEqual([
    '2026-10-25T00:30',
    '2026-10-26T01:30',
    '2026-10-27T01:30',
  ])
})

test('nothing comes after the end', () => {
  expect(occurrences('0 9 * * *', '2026-05-01T00:00:00Z', new Date('2026-05-02T07:00:00Z'))).toEqual([
    '2026-05-01T07:00',
    '2026-05-02T07:00',
  ])
})
