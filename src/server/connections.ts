import type { Server, ServerResponse } from 'node:http'
import { Server as Listener, type Socket } from 'node:net'

/** The connections of a server, which it ends so that no request is lost. */
export interface Connections {
  /**
   * Takes no more connections, and ends each with its next answer. One without a request is kept for `linger`, for a request that is
   * on its way already. Resolves when all that had none have ended or have one.
   */
  end(): Promise<void>
}

/** Milliseconds that a connection without a request is kept: longer than balancers keep theirs, which send on them until then. */
const keptAlive = 75_000

/**
 * Looks after the connections of a server that has none yet; `linger` in milliseconds. A server must not just end those without a request, as `server.close`
 * does: what a client sends at the same moment would be lost, and the client would not know whether it was done (RFC 9112, 9.5).
 */
export function openConnections(server: Server, linger: number): Connections {
  const requests = new Map<Socket, number>()
  const answers = new Set<ServerResponse>()
  server.keepAliveTimeout = keptAlive
  let ending = false
  const count = (socket: Socket, more: number): void => {
    if (!socket.destroyed) requests.set(socket, (requests.get(socket) ?? 0) + more)
  }
  const endWithoutRequest = (socket: Socket): Promise<void> =>
    new Promise((resolve) => {
      if (socket.destroyed) return resolve()
      const timer = setTimeout(() => {
        // Timers come before what has arrived meanwhile is read, and this after it.
        setImmediate(() => {
          if (requests.get(socket) === 0) socket.destroy()
          resolve()
        })
      }, linger)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  server.on('connection', (socket) => {
    requests.set(socket, 0)
    socket.once('close', () => requests.delete(socket))
  })
  server.prependListener('request', ({ socket }, response) => {
    count(socket, 1)
    answers.add(response)
    if (ending) response.setHeader('Connection', 'close')
    response.once('close', () => {
      count(socket, -1)
      answers.delete(response)
      // One that had begun said nothing of the end.
      if (ending) void endWithoutRequest(socket)
    })
  })
  return {
    async end() {
      ending = true
      Listener.prototype.close.call(server)
      for (const answer of answers) if (!answer.headersSent) answer.setHeader('Connection', 'close')
      const idle = [...requests].filter(([, under]) => under === 0).map(([socket]) => socket)
      await Promise.all(idle.map(endWithoutRequest))
    },
  }
}
