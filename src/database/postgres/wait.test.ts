import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { createCluster, freePort, startCluster } from '../../../test/harness/postgres-server.ts'
import type { ProgressEvent } from '../../progress.ts'
import { openDatabase, sql } from '../database.ts'

test('a server that is started later is waited for, and that is said once', async () => {
  const cluster = await createCluster(18)
  const port = await freePort()
  const events: ProgressEvent[] = []
  let server: ReturnType<typeof startCluster> | undefined
  const progress = (event: ProgressEvent) => {
    events.push(event)
    // Only now that the first attempt has failed.
    server ??= startCluster(cluster, { port })
  }
  await using db = await openDatabase(`postgres://postgres@127.0.0.1:${port}/postgres`, { wait: 60_000, progress })
  await using session = await db.session()
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  expect(events).toEqual([
    { kind: 'notice', message: `Waiting up to 60 s for the server of postgres://postgres@127.0.0.1:${port}/postgres.` },
  ])
  await (await server)?.stop()
})

test('when the time is over, the error is what was wrong last, and for how long', async () => {
  const port = await freePort()
  await expect(openDatabase(`postgres://app:hunter2@127.0.0.1:${port}/app`, { wait: 300 })).rejects.toMatchObject({
    code: 'connection_failed',
    reason: 'connection_lost',
    message: `No database server answers at 127.0.0.1:${port}. It was tried for 0.3 s.`,
    remedy: 'Start the server, correct the host and the port in the URL, or wait for it with --wait 60s.',
  })
})

test('without waiting there is one attempt and no notice', async () => {
  const port = await freePort()
  const events: ProgressEvent[] = []
  const opening = openDatabase(`postgres://app@127.0.0.1:${port}/app`, {
    wait: 0,
    progress: (event) => events.push(event),
  })
  await expect(opening).rejects.toMatchObject({ message: `No database server answers at 127.0.0.1:${port}.` })
  expect(events).toEqual([])
})

test.each([
  ['a wrong password', (url: URL) => Object.assign(url, { username: 'nobody', password: 'wrong' }), '28P01'],
  ['a database that does not exist', (url: URL) => Object.assign(url, { pathname: '/nowhere' }), '3D000'],
])('%s is not waited for', async (_, change, engineCode) => {
  const events: ProgressEvent[] = []
  const url = change(new URL(await freshPostgresUrl(18))).href
  await expect(openDatabase(url, { wait: 600_000, progress: (event) => events.push(event) })).rejects.toMatchObject({
    engineCode,
  })
  expect(events).toEqual([])
})

test('an aborted signal ends the waiting', async () => {
  const port = await freePort()
  const abort = new AbortController()
  const opening = openDatabase(`postgres://app@127.0.0.1:${port}/app`, {
    wait: 600_000,
    signal: abort.signal,
    progress: () => abort.abort(),
  })
  await expect(opening).rejects.toMatchObject({ code: 'canceled' })
  const probe = connect(port, '127.0.0.1')
  await once(probe, 'error')
})
