import { describe, expect, test } from 'vitest'
import { isOpen, nextOpening, parseWindows } from './maintenance-windows.ts'

function open(text: string, ...moments: readonly string[]): boolean[] {
  const windows = parseWindows(text)
  if (windows === undefined) throw new Error(`${text} is no window.`)
  return moments.map((moment) => isOpen(windows, new Date(moment)))
}

describe('a maintenance window', () => {
  test('is open from its start to right before its end, on its days', () => {
    // 2026-01-03 is a Saturday.
    expect(
      open(
        'Sat-Sun 01:00-05:00',
        '2026-01-03T00:59:59Z',
        '2026-01-03T01:00:00Z',
        '2026-01-04T04:59:59Z',
        '2026-01-04T05:00:00Z',
        '2026-01-05T02:00:00Z',
      ),
    ).toEqual([false, true, true, false, false])
  })

  test('goes by the clock of its place, in summer and in winter', () => {
    expect(
      open(
        'Sat 01:00-05:00 Europe/Paris',
        '2026-01-03T00:00:00Z',
        '2026-01-02T23:00:00Z',
        '2026-07-03T23:00:00Z',
        '2026-07-04T03:00:00Z',
      ),
    ).toEqual([true, false, true, false])
  })

  test('goes on past midnight, also from Saturday to Sunday, where the week begins anew', () => {
    expect(open('Sat 22:00-02:00', '2026-01-03T23:00:00Z', '2026-01-04T01:59:00Z', '2026-01-04T02:00:00Z')).toEqual([
      true,
      true,
      false,
    ])
  })

  test('can be one of several, of every day, and of days that go round the week', () => {
    expect(open('Mon,Wed 10:00-11:00; 03:00-04:00 UTC', '2026-01-05T10:30:00Z', '2026-01-06T10:30:00Z')).toEqual([
      true,
      false,
    ])
    expect(open('03:00-04:00', '2026-01-06T03:30:00Z')).toEqual([true])
    expect(open('Fri-Mon 03:00-04:00', '2026-01-04T03:30:00Z', '2026-01-06T03:30:00Z')).toEqual([true, false])
    expect(open('Saturday 00:00-24:00', '2026-01-03T23:59:59Z', '2026-01-04T00:00:00Z')).toEqual([true, false])
  })

  test('says when it opens next', () => {
    const next = (text: string, from: string) => {
      const windows = parseWindows(text)
      return windows && nextOpening(windows, new Date(from)).toISOString()
    }
    expect(next('Sat 01:00-05:00 Europe/Paris', '2026-01-03T04:00:30Z')).toBe('2026-01-10T00:00:00.000Z')
    // Over the nights in which the clocks of Paris are put forward and back.
    expect(next('Sun 12:00-13:00 Europe/Paris', '2026-03-28T00:00:00Z')).toBe('2026-03-29T10:00:00.000Z')
    expect(next('Sun 12:00-13:00 Europe/Paris', '2026-10-24T00:00:00Z')).toBe('2026-10-25T11:00:00.000Z')
    expect(next('03:00-04:00', '2026-01-06T04:00:00Z')).toBe('2026-01-07T03:00:00.000Z')
  })

  test.each([
    '',
    'Sat',
    'Sat 1-5',
    'Sat 25:00-26:00',
    'Sat 01:60-02:00',
    'Sat 24:00-02:00',
    'Caturday 01:00-02:00',
    'Sat- 01:00-02:00',
    'Mon-Tue-Wed 01:00-02:00',
    'Sat 01:00-05:00 Europe/Atlantis',
    'Sat 01:00-05:00;',
    '01:00-05:00, 06:00-07:00',
  ])('is not %j', (text) => {
    expect(parseWindows(text)).toBeUndefined()
  })
})
