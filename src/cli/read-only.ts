import { readOnlyReason, type Engine, type ReadOnly } from '../migrations/migrations.ts'
import type { Output } from './output.ts'

/** Says so where a database that is looked at could only be read, as a replica. */
export async function noteReadOnly(engine: Engine, output: Output): Promise<ReadOnly | null> {
  const { database, session } = engine
  const reason = await readOnlyReason(database, session)
  if (reason === 'replica') {
    output.note(`${database.address} is a replica: it can be read, and nothing can be changed on it.`)
  } else if (reason === 'setting') {
    output.note(`Transactions on ${database.address} are read-only: nothing can be changed through this connection.`)
  }
  return reason
}
