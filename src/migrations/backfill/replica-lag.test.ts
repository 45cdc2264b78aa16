import { expect, test } from 'vitest'
import { lagMeter } from './replica-lag.ts'

function replica(name: string, replayed: number, measured: number | null = null) {
  return { name, replayed, measured }
}

test('a replica is as far behind as the oldest part of the log is old that it has not replayed', () => {
  const meter = lagMeter()
  expect(meter({ written: 100, replicas: [replica('a', 50)] }, 0)).toEqual({ name: 'a', lag: 0 })
  expect(meter({ written: 200, replicas: [replica('a', 50)] }, 1000)).toEqual({ name: 'a', lag: 1000 })
  // What was written at 0 is replayed, and what was written at 1000 not.
  expect(meter({ written: 300, replicas: [replica('a', 100)] }, 3000)).toEqual({ name: 'a', lag: 2000 })
  expect(meter({ written: 300, replicas: [replica('a', 300)] }, 4000)).toEqual({ name: 'a', lag: 0 })
})

test('what the server has measured counts where it is more, and not where everything is replayed', () => {
  const meter = lagMeter()
  expect(meter({ written: 100, replicas: [replica('a', 90, 7000)] }, 0)).toEqual({ name: 'a', lag: 7000 })
  expect(meter({ written: 100, replicas: [replica('a', 100, 7000)] }, 1)).toEqual({ name: 'a', lag: 0 })
})

test('of several replicas the one counts that is furthest behind, and without one nothing does', () => {
  const meter = lagMeter()
  const replicas = [replica('a', 100, 10), replica('b', 50, 20), replica('c', 60, 15)]
  expect(meter({ written: 100, replicas }, 0)).toEqual({ name: 'b', lag: 20 })
  expect(meter({ written: 100, replicas: [] }, 10)).toBeNull()
})
