import { expect, test } from 'vitest'
import { graphExecutor } from './graphs.ts'
import { readRecording } from './python/exchange.ts'
import { type Bindings, differences, replay } from './python/replay.ts'
import { protocolScenarios } from './world.ts'

// What the Python SDK has said to a server, said again. That it understood what it was answered is asserted where it was recorded:
// python/exercise.py.

const { sdk, exchanges } = readRecording()

protocolScenarios('the Python SDK', [graphExecutor], (it, scenario) => {
  for (const section of new Set(exchanges.map((each) => each.section))) {
    scenario(66, `what ${sdk} says of ${section} is answered as when it understood it`, async () => {
      const bindings: Bindings = new Map()
      for (const exchange of exchanges.filter((each) => each.section === section)) {
        const { method, path } = exchange.request
        const found = await replay(it().server.url, exchange, bindings)
        // One that is answered otherwise makes those after it others as well.
        expect({ [`${method} ${path}`]: found }).toEqual({ [`${method} ${path}`]: [] })
      }
    })
  }
})

test('an answer that is not as it was recorded is found', () => {
  const bindings: Bindings = new Map()
  const compare = (expected: unknown, actual: unknown) => differences(expected, actual, bindings)
  expect(
    compare({ thread_id: '{thread_1}', at: '{time}' }, { thread_id: 'a', at: '2026-01-01T00:00:00.000Z', more: 1 }),
  ).toEqual([])
  expect(compare({ path: '/threads/{thread_1}/runs/{run_1}' }, { path: '/threads/a/runs/b' })).toEqual([])
  expect(compare(['{run_1}', '{run_2}', { '{task_1}': 1 }], ['b', 'c', { d: 1 }])).toEqual([])
  expect(compare('{run_2}', 'b')).toEqual(['answer is "b", and was "{run_2}"'])
  expect(compare({ '{task_1}': 1 }, { e: 1 })).toEqual(['answer has no {task_1}'])
  expect(compare({ status: '{active}' }, { status: 'success' })).toEqual([
    'answer.status is "success", and was "{active}"',
  ])
  expect(compare({ at: '{time}' }, { at: 'yesterday' })).toEqual(['answer.at is "yesterday", and was "{time}"'])
  expect(compare([1], [1, 2])).toEqual(['answer is [1,2], and was [1]'])
  expect(compare([{ a: null }], [{}])).toEqual(['answer[0] has no a'])
  expect(compare({ a: 1 }, null)).toEqual(['answer is null, and was {"a":1}'])
})
