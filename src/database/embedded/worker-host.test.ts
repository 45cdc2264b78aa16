import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../../../test/harness/temporary-directory.ts'
import { DatabaseError } from '../failure.ts'
import { WorkerEnded, type WorkerHost, startWorker } from './worker-host.ts'

interface TestCalls {
  readonly echo: { request: unknown; response: unknown }
  readonly fail: { request: 'plain' | 'database' | 'not an error'; response: void }
  readonly untilInterrupted: { request: null; response: string }
  readonly exit: { request: number; response: void }
  readonly break: { request: null; response: void }
  readonly forever: { request: null; response: void }
  readonly close: { request: null; response: void }
}

const program = `
  import { EngineBroken, serve } from './worker-port.ts'
  import { DatabaseError } from '../failure.ts'
  let interrupted = () => {}
  serve({
    echo: async (request) => request,
    fail: async (how) => {
      if (how === 'plain') throw Object.assign(new RangeError('too far'), { code: 'E1', position: 3, ignored: {} })
      if (how === 'not an error') throw 'text'
      throw new DatabaseError({
        code: 'not_supported', reason: 'other', message: 'No.', remedy: 'Do not.', engineCode: 'X', statement: 's', position: 1,
        object: 'table t', where: 'table t', details: ['a'],
      })
    },
    untilInterrupted: () => new Promise((resolve) => { interrupted = () => resolve('interrupted') }),
    exit: async (code) => process.exit(code),
    break: async () => { throw new EngineBroken('It is broken.') },
    forever: async () => { for (;;); },
    close: async () => {},
  }, () => interrupted())`

function start(): WorkerHost<TestCalls> {
  const { outputFiles } = buildSync({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  })
  const file = path.join(temporaryDirectory(), 'worker.mjs')
  writeFileSync(file, outputFiles[0]?.contents ?? '')
  const worker = startWorker<TestCalls>(pathToFileURL(file))
  onTestFinished(() => worker.terminate())
  return worker
}

test('calls are answered in order, with values of many kinds', async () => {
  const worker = start()
  const values = [1n, new Date(0), new Uint8Array([1]), null, 'ü', { a: [true] }, undefined]
  expect(await Promise.all(values.map((value) => worker.call('echo', value)))).toEqual(values)
})

test('an error keeps its name and its plain fields, one of ours its class and all its parts', async () => {
  const worker = start()
  await expect(worker.call('fail', 'plain')).rejects.toMatchObject({
    name: 'RangeError',
    message: 'too far',
    code: 'E1',
    position: 3,
  })
  await expect(worker.call('fail', 'not an error')).rejects.toMatchObject({ message: 'text' })
  const failure = await worker.call('fail', 'database').catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(DatabaseError)
  expect(failure).toMatchObject({
    code: 'not_supported',
    message: 'No.',
    remedy: 'Do not.',
    where: 'table t',
    details: ['a'],
    reason: 'other',
    engineCode: 'X',
    statement: 's',
    position: 1,
    object: 'table t',
  })
})

test('an interruption reaches the call that is running, and none after it', async () => {
  const worker = start()
  const first = worker.call('untilInterrupted', null)
  worker.interrupt()
  expect(await first).toBe('interrupted')
  worker.interrupt()
  expect(await worker.call('echo', 1)).toBe(1)
})

test('a thread that ends fails the calls that wait and the calls that come', async () => {
  const worker = start()
  const [exit, behind] = [worker.call('exit', 3), worker.call('echo', 1)]
  const ended = { name: 'WorkerEnded', message: 'The thread of the database ended with status 3.' }
  behind.catch(() => {})
  await expect(exit).rejects.toMatchObject(ended)
  await expect(behind).rejects.toBeInstanceOf(WorkerEnded)
  await expect(worker.call('echo', 1)).rejects.toMatchObject(ended)
  expect(worker.ended).toBe(true)
})

test('an engine that is broken ends its thread and says why', async () => {
  const worker = start()
  const [broken, behind] = [worker.call('break', null), worker.call('forever', null)]
  behind.catch(() => {})
  await expect(broken).rejects.toMatchObject({ name: 'WorkerEnded', message: 'It is broken.' })
  await expect(behind).rejects.toMatchObject({ message: 'It is broken.' })
})

test('a thread that hears nothing can be ended', async () => {
  const worker = start()
  const endless = worker.call('forever', null)
  endless.catch(() => {})
  expect(worker.ending).toBeUndefined()
  await worker.terminate()
  await expect(endless).rejects.toBeInstanceOf(WorkerEnded)
})

test('after close the thread ends by itself', async () => {
  const worker = start()
  await worker.call('close', null)
  await expect.poll(() => worker.ended).toBe(true)
})
