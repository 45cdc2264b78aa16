import type { Queryable, Sql } from '../database/database.ts'
import type { Topic } from './wake-ups.ts'

/** A transaction of the store: under way, as its role, for its tenant. */
export interface StoreTransaction extends Queryable {
  /** The tenant that row-level security shows the rows of; empty for work across tenants. */
  readonly tenantId: string
  /** The first row of a statement. */
  first<Row extends object>(statement: Sql): Promise<Row | undefined>
  /** The rows of a statement after which nothing follows: it is committed with it. */
  last<Row extends object>(statement: Sql): Promise<Row[]>
  /** Wakes up whoever waits, in all processes, when the transaction is committed. */
  wake(topic: Topic, id: string): void
}
