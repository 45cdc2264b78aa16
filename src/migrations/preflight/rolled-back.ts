import type { Session, Transaction } from '../../database/database.ts'

/** Runs work in a transaction that is rolled back in any case, and returns what the work came to. */
export async function rolledBack<T>(
  session: Session,
  lockTimeout: number,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const done = new Error('The work is done, and is to be undone.')
  const results: T[] = []
  try {
    await session.transaction(
      async (tx) => {
        results.push(await work(tx))
        throw done
      },
      { lockTimeout },
    )
  } catch (error) {
    if (error !== done) throw error
  }
  return results[0] as T
}
