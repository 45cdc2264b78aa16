import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openDatabase } from '../src/database/database.ts'
import { migrateShipped } from '../test/shipped-schema/migrate.ts'
import { thisMachine } from './machine.ts'
import { publish } from './page.ts'
import { type ProtocolCase, runCases, search, seed, threadCases } from './protocol-cases.ts'
import { type CaseFigures, protocolReport } from './protocol-report.ts'
import { durable, startServer } from './server.ts'

// `node scripts/run.mjs bench/protocol.ts --peer DIRECTORY` compares the server with LangGraph.js's development server, which keeps
// everything in memory and is installed in that directory: npm install @langchain/langgraph-api @langchain/langgraph. Without it,
// only ours is measured, and the report says so.

const { values } = parseArgs({
  options: {
    peer: { type: 'string' },
    /** Of each measurement. */
    seconds: { type: 'string', default: '3' },
    /** How many threads there are when they are searched. */
    threads: { type: 'string', multiple: true, default: ['1000', '10000'] },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const here = path.dirname(fileURLToPath(import.meta.url))
const run = path.join(here, '..', 'scripts', 'run.mjs')

interface Contender {
  readonly url: string
  readonly child: ChildProcess
}

async function start(words: readonly string[]): Promise<Contender> {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^listening (.*)$/.exec(line) ?? []
    if (url === undefined) continue
    child.stdout.resume()
    return { url, child }
  }
  throw new Error(`${words.join(' ')} ended before it listened.`)
}

const server = await startServer(18, durable)
const contenders: Contender[] = []
try {
  const databaseUrl = await server.freshDatabase()
  const version = await (async () => {
    await using database = await openDatabase(databaseUrl)
    return await migrateShipped(database)
  })()
  const ours = await start([run, path.join(here, 'protocol-server.ts'), databaseUrl, version])
  contenders.push(ours)
  const installed =
    values.peer !== undefined && existsSync(path.join(values.peer, 'node_modules/@langchain/langgraph-api'))
  const peer = installed ? await start([path.join(here, 'protocol-peer.mjs'), values.peer ?? '']) : undefined
  if (peer !== undefined) contenders.push(peer)

  const figures: CaseFigures[] = []
  const measure = async (one: ProtocolCase): Promise<void> => {
    process.stderr.write(`${one.name}…\n`)
    const measured = await one.measure(ours.url, seconds)
    figures.push({ name: one.name, ours: measured, peer: peer && (await one.measure(peer.url, seconds)) })
  }
  for (const one of [...runCases, ...threadCases]) await measure(one)
  let there = 0
  for (const threads of values.threads.map(Number)) {
    for (const { url } of contenders) await seed(url, there, threads)
    there = threads
    await measure(search(threads))
  }
  const { settings } = server
  const all = { machine: thisMachine(), postgres: { version: server.version, settings }, cases: figures }
  publish('protocol', all, protocolReport(all), values)
} finally {
  for (const { child } of contenders) {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  await server.stop()
}
