import { openDatabase } from '../../src/database/database.ts'
import { startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/store.ts'
import { gate, graphExecutor } from './graphs.ts'

// A server of the graphs of the scenarios, as a process that can be killed: URL VERSION TENANT [TEXT…]. The runs of the graph
// `slow` with these texts go on to their end, others wait for ever.

const [url = '', version = '', tenantId = '', ...texts] = process.argv.slice(2)
for (const text of texts) gate(text).open()
const database = await openDatabase(url)
const store = openStore(database, { searchPath: [version, 'public'] })
const server = await startServer({
  store,
  executors: [graphExecutor],
  authenticate: () => Promise.resolve({ tenantId, userId: undefined, role: 'admin' }),
  logFailure: (error) => process.stderr.write(`${error.message}\n`),
  host: '127.0.0.1',
  port: 0,
  runs: { leaseSeconds: 2, pollSeconds: 0.5 },
})
process.stdout.write(`listening at ${server.url}\n`)
