import { expect, test } from 'vitest'
import { counted, grouped, shownTime } from './numbers.ts'

test('numbers have their digits in groups of three, and a noun that fits', () => {
  expect([0, 999, 1000, 1204500].map(grouped)).toEqual(['0', '999', '1\u202F000', '1\u202F204\u202F500'])
  expect(counted(1, 'index', 'indexes')).toBe('1 index')
  expect(counted(1000, 'index', 'indexes')).toBe('1\u202F000 indexes')
  expect(counted(0, 'table')).toBe('0 tables')
})

test('a time is shown to the minute, and what is no time as it is', () => {
  expect(shownTime('2026-03-01T09:30:59.123Z')).toBe('2026-03-01 09:30 UTC')
  expect(shownTime('yesterday')).toBe('yesterday')
})
