import { once } from 'node:events'
import { createServer } from 'node:net'
import { MetastoreError } from '../errors.ts'

/** How many ports after one that is taken are tried. */
const most = 20

/**
 * The port itself where a server can listen on it, or else, unless it is fixed, the next one that is free. Somebody may take it
 * before the server does. Throws `address_unavailable`.
 */
export async function freePort(host: string, port: number, isFixed: boolean): Promise<number> {
  for (let candidate = port; ; candidate++) {
    const failure = await whyNot(host, candidate)
    if (failure === undefined) return candidate
    const isTaken = (failure as NodeJS.ErrnoException).code === 'EADDRINUSE'
    if (isFixed || !isTaken || candidate === Math.min(port + most, 65_535))
      throw addressUnavailable(host, port, failure)
  }
}

async function whyNot(host: string, port: number): Promise<unknown> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return error
  } finally {
    if (server.listening) {
      server.close()
      await once(server, 'close')
    }
  }
}

/** Tells why a server cannot listen on an address, by what the system has said. */
export function addressUnavailable(host: string, port: number, cause: unknown): MetastoreError {
  const { code } = cause as NodeJS.ErrnoException
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'the address is none of this machine',
    ENOTFOUND: 'there is no host of that name',
  }
  return new MetastoreError({
    code: 'address_unavailable',
    message: `The server cannot listen on ${host}:${port}: ${reasons[code ?? ''] ?? (cause as Error).message}.`,
    remedy: 'Choose another with --port and --host, or port and host in [server] of metastore.toml.',
    cause,
  })
}
