import { expect, test } from 'vitest'
import type { RunEvent } from '../../store/store.ts'
import { eventLog } from './event-log.ts'

const never = (error: unknown) => expect.unreachable(String(error))

test('a short run has its events left to be written with its end', async () => {
  const log = eventLog({ next: 1, delay: 60_000, write: () => never('written'), onFailure: never })
  await log.add('values', { a: 1 })
  await log.add('values', undefined)
  expect(await log.close()).toEqual({
    unwritten: [
      { seq: 1, event: 'values', data: '{"a":1}' },
      { seq: 2, event: 'values', data: 'null' },
    ],
    next: 3,
  })
  await log.add('values', {})
  expect((await log.close()).next).toBe(3)
})

test('whoever tells too much waits until it is written, in order', async () => {
  const written: RunEvent[][] = []
  const write = (events: readonly RunEvent[]) => Promise.resolve(void written.push([...events]))
  const log = eventLog({ next: 0, delay: 60_000, write, onFailure: never })
  for (let i = 0; i < 501; i++) await log.add('updates', i)
  expect(written.map(({ length }) => length)).toEqual([200, 200, 101])
  expect(written.flat().map(({ data }) => Number(data))).toEqual(Array.from({ length: 501 }, (_, i) => i))
})

test('what cannot be written is told, and what JSON cannot say is the fault of who says it', async () => {
  const failures: unknown[] = []
  const write = () => Promise.reject(new Error('away'))
  const log = eventLog({ next: 0, delay: 0, write, onFailure: (error) => failures.push(error) })
  await expect(log.add('values', 1n)).rejects.toThrow('BigInt')
  for (let i = 0; i < 501; i++) await log.add('values', i)
  await log.close()
  expect(failures).toContainEqual(new Error('away'))
})
