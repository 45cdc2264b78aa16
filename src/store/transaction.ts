import {
  DatabaseError,
  type Database,
  id,
  join,
  type Queryable,
  sql,
  type Sql,
  type Transaction,
} from '../database/database.ts'
import { isLost, type SessionPool } from './pool.ts'
import { channel, type Topic, type WakeUps } from './wake-ups.ts'

/** A transaction of the store: under way, as its role, for its tenant. */
export interface StoreTransaction extends Queryable {
  /** The tenant that row-level security shows the rows of; empty for work across tenants. */
  readonly tenantId: string
  /** The first row of a statement. */
  first<Row extends object>(statement: Sql): Promise<Row | undefined>
  /** Wakes up whoever waits, in all processes, when the transaction is committed. */
  wake(topic: Topic, id: string): void
}

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

/**
 * Runs `work` in a transaction. Everything that makes it this tenant's is local to the transaction, so that it holds behind a
 * transaction pooler. It is begun anew after a deadlock, so `work` must have no effect outside the database.
 */
export async function runTransaction<T>(
  ground: Ground,
  access: Access,
  work: (tx: StoreTransaction) => Promise<T>,
): Promise<T> {
  const opening = openingOf(ground, access).inline('postgres')
  for (let attempt = 1; ; attempt++) {
    let begun = false
    const woken: [Topic, string][] = []
    try {
      const result = await ground.pool.use((session) =>
        session.transaction(async (tx) => {
          await tx.script(opening)
          begun = true
          return work(
            storeTransaction(tx, access, (topic, about) => {
              woken.push([topic, about])
              if (ground.database.listen === undefined) return
              tx.beforeCommit(sql`select pg_notify(${channel}, ${`${topic} ${about}`})`)
            }),
          )
        }),
      )
      // Its own process is told at once; a second message by way of the database does no harm.
      for (const [topic, about] of woken) ground.wakeUps.emit(topic, about)
      return result
    } catch (error) {
      if (attempt >= attempts || !(begun ? mayBeRepeated(error) : isLost(error))) throw error
    }
  }
}

function storeTransaction(tx: Transaction, { tenantId }: Access, wake: StoreTransaction['wake']): StoreTransaction {
  return {
    tenantId: tenantId ?? '',
    query: (statement) => tx.query(statement),
    execute: (statement) => tx.execute(statement),
    script: (text) => tx.script(text),
    stream: (statement, options) => tx.stream(statement, options),
    load: (target, rows) => tx.load(target, rows),
    first: async <Row extends object>(statement: Sql) => (await tx.query<Row>(statement))[0],
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
  return error instanceof DatabaseError && ['deadlock', 'serialization'].includes(error.reason)
}
