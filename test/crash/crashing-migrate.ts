import path from 'node:path'
import { openDatabase, type Database, type Session, type Sql, type Transaction } from '../../src/database/database.ts'
import { migrate, openEngine, readMigrationFiles, rollback } from '../../src/migrations/migrations.ts'

// Migrates (or rolls back) and kills itself, as hard as can be, at the n-th moment: before or after anything is sent to the
// database. With n = 0 it runs to its end and prints how many moments there were.

const [url = '', directory = '', direction = 'up', moment = '0'] = process.argv.slice(2)
let moments = 0

function pass(): void {
  moments++
  if (moments === Number(moment)) process.kill(process.pid, 'SIGKILL')
}

async function around<T>(work: () => Promise<T>): Promise<T> {
  pass()
  const result = await work()
  pass()
  return result
}

function watchTransaction(tx: Transaction): Transaction {
  return {
    query: (statement) => around(() => tx.query(statement)),
    execute: (statement) => around(() => tx.execute(statement)),
    script: (text) => around(() => tx.script(text)),
    together: <Each extends readonly object[]>(statements: readonly Sql[]) =>
      around(() => tx.together<Each>(statements)),
    stream: (statement, options) => tx.stream(statement, options),
    load: (target, rows) => around(() => tx.load(target, rows)),
    beforeCommit: (statement) => tx.beforeCommit(statement),
    last: (statement) => around(() => tx.last(statement)),
  }
}

function watchSession(session: Session): Session {
  return {
    get lost() {
      return session.lost
    },
    query: (statement) => around(() => session.query(statement)),
    execute: (statement) => around(() => session.execute(statement)),
    script: (text) => around(() => session.script(text)),
    together: <Each extends readonly object[]>(statements: readonly Sql[]) =>
      around(() => session.together<Each>(statements)),
    stream: (statement, options) => session.stream(statement, options),
    load: (target, rows) => around(() => session.load(target, rows)),
    transaction: (work, options) => around(() => session.transaction((tx) => work(watchTransaction(tx)), options)),
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  }
}

await using database = await openDatabase(url)
const watched: Database = {
  dialect: database.dialect,
  features: database.features,
  address: database.address,
  server: database.server,
  session: async (options) => watchSession(await database.session(options)),
  tryLock: (holder) => around(() => database.tryLock(holder)),
  close: () => database.close(),
  [Symbol.asyncDispose]: () => database.close(),
}
const files = await readMigrationFiles([{ path: path.basename(directory), absolute: directory }])
await using engine = await openEngine(watched, { lockWait: 30_000 })
if (direction === 'up') await migrate(engine, files)
else await rollback(engine, files, { to: { kind: 'base' } })
process.stdout.write(`${moments}\n`)
