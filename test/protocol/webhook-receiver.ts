import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** By what the servers of these tests sign their messages. */
export const webhookSecret = 'a secret of these tests'

/** A message as it came. */
export interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Something that messages are sent to. */
export interface Receiver extends AsyncDisposable {
  readonly port: number
  readonly received: readonly Received[]
  /** Listens no more. */
  close(): Promise<void>
}

/** Starts a receiver on a port, 0 for any that is free, that answers with these statuses, and the last of them for ever. */
export async function startReceiver(port: number, statuses: readonly number[]): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', headers: request.headers, body })
      response.writeHead(statuses[received.length - 1] ?? statuses.at(-1) ?? 200).end()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return { port: (server.address() as AddressInfo).port, received, close, [Symbol.asyncDispose]: close }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const { port, close } = await startReceiver(0, [200])
  await close()
  return port
}

/** Whether a message is signed, as docs/guides/crons-and-webhooks.md tells receivers to find out. */
export function isSigned({ headers, body }: Received): boolean {
  const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  const expected = createHmac('sha256', webhookSecret).update(content).digest('base64')
  return headers['webhook-signature'] === `v1,${expected}`
}
