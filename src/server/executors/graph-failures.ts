import { DatabaseError } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { conflict, invalid } from '../../store/store.ts'

/** A graph that cannot take what is written into its state says so in its own words; the client can write something else. */
export function updateFailure(error: unknown): never {
  throw invalid('values', `The graph does not take this. ${ownWords(error)}`)
}

/** Nor can a graph read every state: it takes in an input that is still to be worked on, such as a list that is a number. */
export function readFailure(error: unknown): never {
  throw conflict(
    `The graph cannot read its state here. ${ownWords(error)}`,
    'Start a run with an input that the graph takes.',
    error,
  )
}

/** States as they are read, of which each may be one that the graph cannot read. */
export async function* readable<State>(states: AsyncIterable<State>): AsyncGenerator<State> {
  try {
    yield* states
  } catch (error) {
    readFailure(error)
  }
}

function ownWords(error: unknown): string {
  if (error instanceof MetastoreError || error instanceof DatabaseError || !(error instanceof Error)) throw error
  return `${error.name}: ${error.message}`
}
