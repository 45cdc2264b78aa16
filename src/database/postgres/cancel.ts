import { Connection, type Client } from 'pg'
import type { ConnectionSettings } from './connect.ts'
import { internals, type Wire } from './wire.ts'

/**
 * Asks the server, over a connection of its own, to stop what a client is running. Settles when the server has taken
 * notice or cannot be reached; it never fails. A request and not a statement, so that it also works through a pooler.
 */
export function requestCancel(client: Client, settings: ConnectionSettings): Promise<void> {
  const { processID, secretKey } = internals(client)
  if (processID === null || secretKey === null) return Promise.resolve()
  const { host, port, ssl, sslNegotiation } = settings
  return new Promise((resolve) => {
    const wire = new Connection({ ssl, sslNegotiation } as never) as unknown as Wire
    const timer = setTimeout(() => wire.stream.destroy(), 2000)
    const finish = (): void => {
      clearTimeout(timer)
      wire.stream.destroy()
      resolve()
    }
    wire.on('error', finish)
    wire.once('end', finish)
    wire.once('sslconnect', () => wire.cancel(processID, secretKey))
    wire.once('connect', () => {
      if (ssl === false) wire.cancel(processID, secretKey)
      else if (sslNegotiation === 'postgres') wire.requestSsl()
    })
    if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`)
    else wire.connect(port, host)
  })
}
