import { openDatabase } from '../src/database/database.ts'
import { openToAll, startServer } from '../src/server/server.ts'
import { openStore } from '../src/store/store.ts'
import { graphExecutor } from '../test/protocol/graphs.ts'

// A server of ours in a process of its own: `protocol-server.ts URL VERSION` prints its URL.

const [url = '', version = ''] = process.argv.slice(2)
const database = await openDatabase(url)
const store = openStore(database, { searchPath: [version, 'public'], connections: 16 })
const tenant = await store.admin.tenants.find('default')
const server = await startServer({
  store,
  executors: [graphExecutor],
  authenticate: openToAll(tenant?.id ?? ''),
  logFailure: (error) => process.stderr.write(`${error.stack ?? error.message}\n`),
  host: '127.0.0.1',
  port: 0,
})
process.stdout.write(`listening ${server.url}\n`)
process.on('SIGTERM', () => process.exit(0))
