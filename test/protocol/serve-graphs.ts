import { openDatabase } from '../../src/database/database.ts'
import { startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/store.ts'
import { gate, graphExecutor, openAllGates } from './graphs.ts'
import { webhookSecret } from './webhook-receiver.ts'

// A server of the graphs of the scenarios, as a process that can be killed: URL VERSION TENANT [TEXT…]. The runs of the graph
// `slow` with these texts go on to their end, others wait for SIGUSR2. SIGTERM ends it as it ends metastore serve.

const [url = '', version = '', tenantId = '', ...texts] = process.argv.slice(2)
for (const text of texts) gate(text).open()
// What a test lets come to its end does so, however slow the machine is.
const drainSeconds = 60
const database = await openDatabase(url)
const store = openStore(database, { searchPath: [version, 'public'] })
const server = await startServer({
  store,
  executors: [graphExecutor],
  authenticate: () => Promise.resolve({ tenantId, userId: undefined, role: 'admin' }),
  logFailure: (error) => process.stderr.write(`${error.message}\n`),
  host: '127.0.0.1',
  port: 0,
  patience: drainSeconds * 1000,
  linger: 2000,
  runs: { leaseSeconds: 2, pollSeconds: 0.5, heartbeatSeconds: 0.1, drainSeconds },
  background: { webhooks: { secret: webhookSecret, allowPrivate: true } },
})
process.on('SIGUSR2', openAllGates)
process.once('SIGTERM', () => {
  process.stdout.write('stopping\n')
  void stop()
})
process.stdout.write(`listening at ${server.url}\n`)

async function stop(): Promise<void> {
  await server.close()
  await store.close()
  await database.close()
}
