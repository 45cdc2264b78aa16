import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { openDatabase } from '../../../src/database/database.ts'
import { MetastoreError } from '../../../src/errors.ts'
import { startServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/store.ts'
import { systemAssistantId } from '../../../src/store/system-assistants.ts'
import { pgliteTemplate } from '../../harness/schema-templates.ts'
import { graphExecutor } from '../graphs.ts'
import { writeRecording } from './exchange.ts'
import { nameIds } from './names.ts'
import { startRecordingProxy } from './recording-proxy.ts'

// Records what the Python SDK says to a server and is told, as recording.jsonl beside this; ../python-sdk.test.ts says it again:
//
//   python3 -m venv VENV && VENV/bin/pip install -r test/protocol/python/requirements.txt
//   node scripts/run.mjs test/protocol/python/record.ts VENV/bin/python [SECTION…]
//
// What the SDK makes of the answers is asserted by exercise.py: only what it is content with is recorded. With sections it asserts
// them alone, and nothing is written.

const [python = 'python3', ...sections] = process.argv.slice(2)
// As in ../world.ts, which the recording is said again to.
const tenants: Readonly<Record<string, string>> = {
  anna: 'aaaaaaaa-0000-4000-8000-000000000000',
  bert: 'bbbbbbbb-0000-4000-8000-000000000000',
}
// That of exercise.py which nobody has.
const nobody = 'ffffffff-ffff-4fff-8fff-ffffffffffff'

const template = await pgliteTemplate()
const database = await openDatabase(`pglite:${template.source}`)
{
  await using session = await database.session()
  for (const id of Object.values(tenants)) {
    await session.script(`insert into tenants (id, name, domain) values ('${id}', '${id}', '${id}')`)
  }
}
const store = openStore(database, { searchPath: [template.version, 'public'] })
const server = await startServer({
  store,
  executors: [graphExecutor],
  authenticate(headers) {
    const tenantId = tenants[headers.get('x-api-key') ?? '']
    if (tenantId !== undefined) return Promise.resolve({ tenantId, userId: undefined, role: 'admin' })
    throw new MetastoreError({ code: 'unauthenticated', message: 'The key is not known.', remedy: 'Send one that is.' })
  },
  logFailure: (error) => process.stderr.write(`${error.stack}\n`),
  host: '127.0.0.1',
  port: 0,
  linger: 0,
})
const proxy = await startRecordingProxy(server.url)
const exercise = spawn(python, [path.join(import.meta.dirname, 'exercise.py'), proxy.url, ...sections], {
  stdio: 'inherit',
})
const [status] = (await once(exercise, 'exit')) as [number | null]
await proxy[Symbol.asyncDispose]()
await server.close()
await store.close()
await database.close()
template.remove()

if (status !== 0) process.exitCode = 1
else if (sections.length === 0) write()

function write(): void {
  const version = 'from importlib.metadata import version; print(version("langgraph-sdk"), end="")'
  const graphs = ['echo', 'hitl', 'slow', 'boom', 'fork', 'careful', 'deaf']
  const constants = new Set([nobody, ...graphs.map(systemAssistantId)])
  writeRecording({
    sdk: `langgraph-sdk ${spawnSync(python, ['-c', version]).stdout.toString()}`,
    exchanges: Object.entries(proxy.sections()).flatMap(([section, exchanges]) =>
      nameIds(exchanges, constants).map((exchange) => ({ section, ...exchange })),
    ),
  })
}
