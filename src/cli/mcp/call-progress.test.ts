import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { callProgress, progressEvent } from './call-progress.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('a call tells in words how far its tasks have come, with a number that only grows', () => {
  const told: unknown[] = []
  using progress = callProgress(({ progress: number, message }) => told.push([number, message]))
  progress.listen({ kind: 'begin', task: 'start', total: 3 })
  progress.listen({ kind: 'advance', task: 'start', done: 1, label: 'add the column' })
  progress.listen({ kind: 'begin', task: 'backfill public.runs', total: 90_000, unit: 'rows' })
  progress.listen({ kind: 'advance', task: 'backfill public.runs', done: 12_000, label: 'backfill public.runs' })
  progress.listen({ kind: 'advance', task: 'backfill public.runs', done: 24_000, total: 95_000 })
  progress.listen({ kind: 'end', task: 'backfill public.runs' })
  progress.listen({ kind: 'notice', message: 'Waiting for process 7, which is migrating.' })
  progress.listen({ kind: 'begin', task: 'count', total: null, unit: 'rows' })
  progress.listen({ kind: 'advance', task: 'count', done: 5 })
  expect(told).toEqual([
    [1, 'start: 0 of 3'],
    [2, 'start: 1 of 3, add the column'],
    [3, 'backfill public.runs: 0 of 90000 rows'],
    [4, 'backfill public.runs: 12000 of 90000 rows'],
    [5, 'backfill public.runs: 24000 of 95000 rows'],
    [6, 'Waiting for process 7, which is migrating.'],
    [7, 'count: 0 rows done'],
    [8, 'count: 5 rows done'],
  ])
})

test('a call that has no news tells the last again, until it ends', () => {
  const told: unknown[] = []
  {
    using progress = callProgress(({ progress: number, message }) => told.push([number, message]))
    vi.advanceTimersByTime(10_000)
    progress.listen({ kind: 'begin', task: 'migrate', total: 2 })
    vi.advanceTimersByTime(9_999)
    expect(told).toEqual([
      [1, 'waiting for its turn'],
      [2, 'migrate: 0 of 2'],
    ])
    vi.advanceTimersByTime(1)
    expect(told.slice(2)).toEqual([[3, 'migrate: 0 of 2']])
  }
  expect(vi.getTimerCount()).toBe(0)
})

test('only lines that tell of progress are taken for such', () => {
  const line = '{"time":"2026-01-02T03:04:05.006Z","event":"advance","task":"migrate","done":1,"total":2}'
  expect(progressEvent(line)).toEqual({ kind: 'advance', task: 'migrate', done: 1, total: 2 })
  for (const other of ['{"time":', '{"time":"x","event":"advance","task":"a"}', '{"event":"end","task":"a"}', 'hello'])
    expect(progressEvent(other)).toBeUndefined()
})
