import { DatabaseError } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { invalid } from '../../store/store.ts'

/** A graph that cannot take what is written into its state says so in its own words; the client can write something else. */
export function updateFailure(error: unknown): never {
  if (error instanceof MetastoreError || error instanceof DatabaseError || !(error instanceof Error)) throw error
  throw invalid('values', `The graph does not take this. ${error.name}: ${error.message}`)
}
