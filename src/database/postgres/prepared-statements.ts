import { createHash } from 'node:crypto'
import { isServerError } from './server-failure.ts'
import type { Wire, WireValue } from './wire.ts'

/** How many texts a connection remembers; what was not used for the longest time is forgotten. */
const most = 300

/** Whether statements are kept prepared, for all connections of one database. */
export interface Preparation {
  /** False from the moment when the server knows nothing of what was prepared, as behind a transaction pooler. */
  possible: boolean
  /** Grows when what is prepared fits the schema no more. */
  epoch: number
}

interface Known {
  readonly name: string
  uses: number
  prepared: boolean
}

/**
 * The statements that a connection keeps parsed and planned (PostgreSQL manual, PREPARE): those that it has sent before. They are
 * named after their text, so that one that somebody else left on a server connection is the same statement.
 */
export class PreparedStatements {
  readonly #preparation: Preparation
  readonly #known = new Map<string, Known>()
  /** The names of those that are forgotten and have still to be closed. */
  #forgotten: string[] = []
  #epoch: number

  constructor(preparation: Preparation) {
    this.#preparation = preparation
    this.#epoch = preparation.epoch
  }

  /** Sends the beginning of a statement: what it is, and its values. Returns what to tell `sent` when it has gone well. */
  send(wire: Wire, text: string, values: readonly WireValue[]): Known | undefined {
    const known = this.#preparation.possible ? this.#remembered(text) : undefined
    for (const name of this.#forgotten.splice(0)) wire.close({ type: 'S', name })
    if (known === undefined || known.uses < 2) {
      wire.parse({ text })
      wire.bind({ values })
      return undefined
    }
    if (!known.prepared) {
      // Closing what is not there is no error, and one of the same name may be left from an attempt that failed.
      wire.close({ type: 'S', name: known.name })
      wire.parse({ text, name: known.name })
    }
    wire.bind({ statement: known.name, values })
    return known
  }

  /** Notes that statements have gone well, so that they need not be parsed again. */
  sent(all: readonly Known[]): void {
    for (const known of all) known.prepared = true
  }

  /** Whether a statement has failed because of what was prepared. Then the same will go well. */
  isStale(error: unknown): boolean {
    if (!isServerError(error)) return false
    // invalid_sql_statement_name, duplicate_prepared_statement
    if (error.code === '26000' || error.code === '42P05') {
      this.#preparation.possible = false
      return true
    }
    // "cached plan must not change result type"
    if (error.code !== '0A000') return false
    this.#preparation.epoch += 1
    return true
  }

  #remembered(text: string): Known {
    if (this.#epoch !== this.#preparation.epoch) {
      this.#epoch = this.#preparation.epoch
      for (const known of this.#known.values()) known.prepared = false
    }
    const known = this.#known.get(text) ?? { name: nameOf(text), uses: 0, prepared: false }
    known.uses += 1
    this.#known.delete(text)
    this.#known.set(text, known)
    if (this.#known.size > most) this.#forgetOldest()
    return known
  }

  #forgetOldest(): void {
    const [oldest] = this.#known
    if (oldest === undefined) return
    this.#known.delete(oldest[0])
    if (oldest[1].prepared) this.#forgotten.push(oldest[1].name)
  }
}

/** A statement that a connection remembers. */
export type { Known as RememberedStatement }

function nameOf(text: string): string {
  return `metastore_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}
