import { expect, test } from 'vitest'
import type { NewCheckpoint, RunWrites } from '../../store/store.ts'
import { runLog } from './run-log.ts'

const never = (error: unknown) => expect.unreachable(String(error))
const none = { events: [], checkpoints: [], writes: [] }
const checkpoint: NewCheckpoint = {
  thread_id: 'thread',
  checkpoint_ns: '',
  checkpoint_id: '1',
  parent_checkpoint_id: null,
  checkpoint: {},
  metadata: {},
  run_id: undefined,
  channels: [{ channel: 'text', version: '1', type: 'json', blob: Buffer.from('"a"') }],
}

test('a short run has what it writes left to be written with its end', async () => {
  const log = runLog({ next: 1, delay: 60_000, write: () => never('written'), onFailure: never })
  await log.event('values', { a: 1 })
  await log.checkpoint(checkpoint)
  await log.event('values', undefined)
  expect(await log.close()).toEqual({
    unwritten: {
      ...none,
      events: [
        { seq: 1, event: 'values', data: '{"a":1}' },
        { seq: 2, event: 'values', data: 'null' },
      ],
      checkpoints: [checkpoint],
    },
    next: 3,
  })
  await log.event('values', {})
  expect((await log.close()).next).toBe(3)
})

test('whoever tells too much waits until it is written, in order', async () => {
  const written: RunWrites[] = []
  const write = (batch: RunWrites) => Promise.resolve(void written.push(batch))
  const log = runLog({ next: 0, delay: 60_000, write, onFailure: never })
  for (let i = 0; i < 501; i++) await log.event('updates', i)
  expect(written.map(({ events }) => events.length)).toEqual([200, 200, 101])
  expect(written.flatMap(({ events }) => events).map(({ data }) => Number(data))).toEqual(
    Array.from({ length: 501 }, (_, i) => i),
  )
})

test('a flush waits for what came before it, and for nothing where there is nothing', async () => {
  const written: RunWrites[] = []
  const write = (batch: RunWrites) => Promise.resolve(void written.push(batch))
  const log = runLog({ next: 0, delay: 60_000, write, onFailure: never })
  await log.flush()
  expect(written).toEqual([])
  await Promise.all([log.checkpoint(checkpoint), log.flush()])
  expect(written).toEqual([{ ...none, checkpoints: [checkpoint] }])
})

test('what cannot be written is told once, and left out; what JSON cannot say is the fault of who says it', async () => {
  const failures: unknown[] = []
  const away = new Error('away')
  const write = () => Promise.reject(away)
  const log = runLog({ next: 0, delay: 60_000, write, onFailure: (cause) => failures.push(cause) })
  await expect(log.event('values', 1n)).rejects.toThrow('BigInt')
  await log.checkpoint(checkpoint)
  for (let i = 0; i < 501; i++) await log.event('values', i)
  await expect(log.flush()).rejects.toBe(away)
  expect(failures).toEqual([away])
  expect(log.failure).toEqual({ cause: away })
  const { unwritten } = await log.close()
  expect(unwritten).toMatchObject({ checkpoints: [], writes: [] })
  expect(unwritten.events).toHaveLength(501)
})
