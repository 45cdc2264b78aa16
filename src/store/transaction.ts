import { DatabaseError, type Database, id, join, sql, type Sql, type Transaction } from '../database/database.ts'
import { isLost, type SessionPool } from './pool.ts'
import type { Run, WakeUp } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { channel, type WakeUps } from './wake-ups.ts'

/** As whom a transaction works. */
export interface Access {
  readonly role: 'metastore_app' | 'metastore_admin'
  /** Undefined: across tenants. */
  readonly tenantId: string | undefined
  /** The user whose threads alone are there; undefined for those of all. */
  readonly ownerId?: string | undefined
}

/** What transactions of a store need. */
export interface Ground {
  readonly database: Database
  readonly pool: SessionPool
  readonly wakeUps: WakeUps
  /** The schemas in which names are looked up; undefined leaves the connection's own. */
  readonly searchPath: readonly string[] | undefined
  /** Milliseconds after which a statement is given up; 0 is without limit. */
  readonly statementTimeout: number
}

/** How often work is begun anew after a deadlock, a serialization failure, or on a connection that turns out to be dead. */
const attempts = 4

/** Transactions of their own, all on behalf of the same. */
export function transactions(ground: Ground, access: Access): Run {
  const opening = openingOf(ground, access)
  const send = (statements: readonly Sql[]) => ground.pool.use((session) => session.together([opening, ...statements]))
  const run: Run = (work) => runTransaction(ground, access, opening, work)
  run.read = async <Row extends object>(statement: Sql) => {
    const [, rows] = await repeated(
      () => send([statement]),
      (error) => mayBeRepeated(error) || isLost(error),
    )
    return rows as Row[]
  }
  run.write = async (statement, wake) => {
    const [rows] = await run.together([statement], wake === undefined ? [] : [wake])
    return rows as never
  }
  run.together = async (statements, wakes = []) => {
    const told = wakes.flatMap((wake) => notification(ground, wake) ?? [])
    const [, ...results] = await repeated(() => send([...statements, ...told]), mayBeRepeated)
    const [done, heard] = [results.slice(0, statements.length), results.slice(statements.length)]
    // Its own process is told at once; a second message by way of the database does no harm.
    for (const wake of wakes) {
      const isWoken = notification(ground, wake) === undefined || (heard.shift()?.length ?? 0) > 0
      if (isWoken) ground.wakeUps.emit(wake.topic, wake.id)
    }
    return done as never
  }
  return run
}

/** Statements in a transaction that is under way. */
export function within(tx: StoreTransaction): Run {
  const run: Run = (work) => work(tx)
  run.read = (statement) => tx.query(statement)
  run.write = async (statement, wake) => {
    const [rows] = await run.together([statement], wake === undefined ? [] : [wake])
    return rows as never
  }
  run.together = async (statements, wakes = []) => {
    const results = await tx.together(statements)
    for (const { topic, id, when } of wakes) {
      if (when === undefined || (await tx.first(sql`select where ${when}`)) !== undefined) tx.wake(topic, id)
    }
    return results as never
  }
  return run
}

// Everything that makes a transaction a tenant's is local to it, so that it holds behind a transaction pooler. It is begun anew
// after a deadlock, so `work` must have no effect outside the database.
async function runTransaction<T>(
  ground: Ground,
  access: Access,
  opening: Sql,
  work: (tx: StoreTransaction) => Promise<T>,
): Promise<T> {
  let begun = false
  let woken: WakeUp[] = []
  const attempt = (): Promise<T> =>
    ground.pool.use((session) => {
      begun = false
      woken = []
      return session.transaction(
        (tx) =>
          work(
            storeTransaction(tx, access, {
              onBegun: () => (begun = true),
              wake(topic, id) {
                woken.push({ topic, id })
                const told = notification(ground, { topic, id })
                if (told !== undefined) tx.beforeCommit(told)
              },
            }),
          ),
        { opening },
      )
    })
  const result = await repeated(attempt, (error) => mayBeRepeated(error) || (!begun && isLost(error)))
  for (const { topic, id } of woken) ground.wakeUps.emit(topic, id)
  return result
}

async function repeated<T>(work: () => Promise<T>, may: (error: unknown) => boolean): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= attempts || !may(error)) throw error
    }
  }
}

// What tells other processes, and whether anybody is to be told; undefined where that is known and there is no other process.
function notification({ database }: Ground, { topic, id, when }: WakeUp): Sql | undefined {
  const condition = when === undefined ? sql`` : sql` where ${when}`
  if (database.listen !== undefined) return sql`select pg_notify(${channel}, ${`${topic} ${id}`})${condition}`
  return when === undefined ? undefined : sql`select${condition}`
}

function storeTransaction(
  tx: Transaction,
  { tenantId }: Access,
  { onBegun, wake }: { readonly onBegun: () => void; readonly wake: StoreTransaction['wake'] },
): StoreTransaction {
  const noted = async <T>(result: Promise<T>): Promise<T> => {
    const value = await result
    onBegun()
    return value
  }
  const query = <Row extends object>(statement: Sql): Promise<Row[]> => noted(tx.query<Row>(statement))
  return {
    tenantId: tenantId ?? '',
    query,
    execute: (statement) => noted(tx.execute(statement)),
    script: (text) => noted(tx.script(text)),
    together: <Each extends readonly object[]>(statements: readonly Sql[]) => noted(tx.together<Each>(statements)),
    stream: (statement, options) => tx.stream(statement, options),
    load: (target, rows) => noted(tx.load(target, rows)),
    first: async <Row extends object>(statement: Sql) => (await query<Row>(statement))[0],
    last: <Row extends object>(statement: Sql) => {
      // It may be committed although nobody hears of it.
      onBegun()
      return tx.last<Row>(statement)
    },
    wake,
  }
}

function openingOf({ searchPath, statementTimeout }: Ground, { role, tenantId, ownerId }: Access): Sql {
  const path = searchPath && join(searchPath.map((schema) => id(schema))).inline('postgres')
  return sql`
    select set_config('role', ${role}, true), set_config('metastore.tenant', ${tenantId ?? ''}, true),
      set_config('metastore.owner', ${ownerId ?? ''}, true),
      set_config('statement_timeout', ${String(statementTimeout)}, true)
      ${path === undefined ? sql`` : sql`, set_config('search_path', ${path}, true)`}`
}

function mayBeRepeated(error: unknown): boolean {
  return error instanceof DatabaseError && ['deadlock', 'serialization', 'stale_plan'].includes(error.reason)
}
