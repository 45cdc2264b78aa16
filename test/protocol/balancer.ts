import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands before several servers, as in front of the instances of a deployment. */
export interface Balancer extends AsyncDisposable {
  readonly url: string
  /** Whether a connection could be made to none of the servers. */
  readonly isDown: boolean
}

/** Passes each connection on to the first of these ports that takes it. What breaks behind it, breaks before it. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>()
  let isDown = false
  const pass = async (client: Socket): Promise<void> => {
    open.add(client)
    client.setNoDelay(true).on('close', () => open.delete(client))
    client.on('error', () => {})
    for (const port of ports) {
      const server = connect({ port, host: '127.0.0.1', noDelay: true })
      try {
        await once(server, 'connect')
      } catch {
        continue
      }
      server.on('error', () => client.resetAndDestroy())
      client.on('close', () => server.destroy())
      client.pipe(server).pipe(client)
      return
    }
    isDown = true
    client.resetAndDestroy()
  }
  const balancer = createServer({ pauseOnConnect: true }, (client) => void pass(client)).listen(0, '127.0.0.1')
  await once(balancer, 'listening')
  return {
    url: `http://127.0.0.1:${(balancer.address() as AddressInfo).port}`,
    get isDown() {
      return isDown
    },
    async [Symbol.asyncDispose]() {
      open.forEach((client) => client.destroy())
      balancer.close()
      await once(balancer, 'close')
    },
  }
}
