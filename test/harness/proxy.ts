import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server, so that a test can count, break or stall what goes on between them. */
export interface Proxy extends AsyncDisposable {
  readonly port: number
  /** How many connections there have been. */
  readonly connections: number
  /** How often the client has spoken and then waited for an answer. */
  readonly roundTrips: number
  /** Breaks every connection, when `text` next comes from a client; right away without it. What is being sent is lost. */
  cut(text?: string): void
  /** Breaks every connection as soon as the server has answered what holds `text`: the answer is lost. */
  cutAnswer(text: string): void
}

/** Starts a proxy to a port on this machine. */
export async function startProxy(to: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const seen = { connections: 0, roundTrips: 0 }
  let cutAt: string | undefined
  let cutAnswerTo: string | undefined
  let answerIsCut = false
  const cut = (): void => sockets.forEach((socket) => socket.destroy())

  const server = createServer((client) => {
    seen.connections++
    const upstream = connect(to, '127.0.0.1')
    let waiting = false
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      if (cutAt !== undefined && chunk.includes(cutAt)) return cut()
      if (cutAnswerTo !== undefined && chunk.includes(cutAnswerTo)) answerIsCut = true
      if (!waiting) seen.roundTrips++
      waiting = true
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      if (answerIsCut) return cut()
      waiting = false
      client.write(chunk)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return seen.connections
    },
    get roundTrips() {
      return seen.roundTrips
    },
    cut(text) {
      if (text === undefined) cut()
      else cutAt = text
    },
    cutAnswer(text) {
      cutAnswerTo = text
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
