import { amended, DatabaseError, raw, sql, type Transaction } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { FileWork } from './file-work.ts'
import type { LoadedSeed } from './load-seed.ts'
import { placeOf } from './problem.ts'
import type { StatementResult } from './seed-options.ts'

/** Runs the statements of an SQL seed one by one. Throws DatabaseError with the place in the file. */
export async function runStatements(tx: Transaction, { statements, reading }: LoadedSeed): Promise<StatementResult[]> {
  const results: StatementResult[] = []
  for (const { text, offset } of statements) {
    try {
      results.push({ where: placeOf(reading.source, offset), text, rows: await tx.execute(raw(text)) })
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.reason === 'connection_lost') throw error
      throw amended(error, { where: placeOf(reading.source, offset + (error.position ?? 0)) })
    }
  }
  return results
}

/** Runs a seed that is a function, in the transaction of its file. Throws `script_failed`. */
export async function runScript({ options }: FileWork, tx: Transaction, { run, file }: LoadedSeed): Promise<void> {
  try {
    await run?.({ db: tx, sql, env: options.variable })
  } catch (error) {
    if (error instanceof DatabaseError && error.where === undefined) throw amended(error, { where: file.path })
    if (error instanceof MetastoreError) throw error
    throw new MetastoreError({
      code: 'script_failed',
      message: `The seed script threw an error: ${error instanceof Error ? error.message : String(error)}`,
      where: file.path,
      remedy: 'Mend the script and run again; nothing of this file was kept.',
      cause: error,
    })
  }
}
