import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from './address.ts'

async function takenPort(port = 0): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('a port that is taken gives way to one after it, unless it is fixed', async () => {
  const port = await takenPort()
  const next = await freePort('127.0.0.1', port, false)
  expect(next).toBeGreaterThan(port)
  expect(next).toBeLessThanOrEqual(port + 20)
  await expect(freePort('127.0.0.1', port, true)).rejects.toMatchObject({
    code: 'address_unavailable',
    message: `The server cannot listen on 127.0.0.1:${port}: another program listens there.`,
    remedy: 'Choose another with --port and --host, or port and host in [server] of metastore.toml.',
  })
})

test('where any port will do, that is left to the system', async () => {
  expect(await freePort('127.0.0.1', 0, true)).toBe(0)
})

test('where nobody can listen, no other port is tried', async () => {
  await expect(freePort('192.0.2.1', 2024, false)).rejects.toMatchObject({
    message: 'The server cannot listen on 192.0.2.1:2024: the address is none of this machine.',
  })
})
