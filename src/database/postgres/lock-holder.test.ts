import { expect, test } from 'vitest'
import { holderName, parseHolder } from './lock-holder.ts'

test.each([
  ['migrate', 1, 'web-1', 'metastore migrate (pid 1 on web-1)'],
  [
    'setup --database assistant',
    4_194_304,
    'build.internal.example.com',
    'metastore setup --database assistant (pid 4194304 on build.int)',
  ],
  ['m', 1, 'h'.repeat(200), `metastore m (pid 1 on ${'h'.repeat(40)})`],
  ['migräte 🐘', 7, 'höst', 'metastore migr?te ?? (pid 7 on h?st)'],
])('%s of %i on %s is written so that the server keeps all of it', (command, pid, host, expected) => {
  const name = holderName(command, pid, host)
  expect(name).toBe(expected)
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
  expect(parseHolder({ name, address: null, since: null })).toMatchObject({ pid })
})

test('a holder is read back', () => {
  const row = { name: 'metastore migrate (pid 12 on web (1))', address: '10.0.0.1', since: new Date(0) }
  expect(parseHolder(row)).toEqual({ pid: 12, host: 'web (1)', command: 'migrate', since: '1970-01-01T00:00:00.000Z' })
})

test('of another tool it is told what is known', () => {
  expect(parseHolder({ name: 'reshape', address: '10.0.0.1', since: null })).toEqual({
    pid: null,
    host: '10.0.0.1',
    command: 'reshape',
    since: null,
  })
  expect(parseHolder({ name: '', address: null, since: null })).toEqual({
    pid: null,
    host: null,
    command: null,
    since: null,
  })
})
