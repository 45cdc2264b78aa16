import { type PGlite, type messages, protocol } from '@electric-sql/pglite'
import { EngineBroken } from '../embedded/worker-port.ts'
import { typeParsers } from '../postgres/type-parsers.ts'

const { serialize } = protocol

/** What a column of a result is called, and the number of its type. */
export interface Column {
  readonly name: string
  readonly dataTypeID: number
}

/** What the server answered: rows as text, the tags of the commands it has done, and how the session stands. */
export interface Answer {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (string | null)[])[]
  readonly tags: readonly string[]
  /** I outside a transaction, T in one, E in one that has failed. */
  readonly status: 'I' | 'T' | 'E'
  /** Whether a portal has more rows. */
  readonly suspended: boolean
  readonly error: Error | undefined
}

/**
 * Sends protocol messages to PGlite and reads the answer. PGlite's own `query` takes seven round trips where one will do,
 * and neither it nor `exec` says whether a transaction is open afterwards.
 */
export async function exchange(db: PGlite, ...parts: readonly Uint8Array[]): Promise<Answer> {
  const answers = await db.execProtocolStream(Buffer.concat(parts), { throwOnError: false })
  let columns: readonly Column[] = []
  const rows: (readonly (string | null)[])[] = []
  const tags: string[] = []
  let status: string | undefined
  let suspended = false
  let error: Error | undefined
  for (const answer of answers) {
    if (answer.name === 'dataRow') rows.push((answer as messages.DataRowMessage).fields)
    else if (answer.name === 'rowDescription') columns = (answer as messages.RowDescriptionMessage).fields
    else if (answer.name === 'commandComplete') tags.push((answer as messages.CommandCompleteMessage).text)
    else if (answer.name === 'readyForQuery') status = (answer as messages.ReadyForQueryMessage).status
    else if (answer.name === 'portalSuspended') suspended = true
    else if (answer.name === 'error') {
      error ??= Object.assign(answer as unknown as Error, { completed: tags.length })
    }
  }
  // After an abort inside the engine every statement "succeeds" with no answer at all.
  if (status !== 'I' && status !== 'T' && status !== 'E') throw new EngineBroken('PGlite no longer answers.')
  return { columns, rows, tags, status, suspended, error }
}

/** The messages of one statement with bound values, run to its end. */
export function statementMessages(text: string, values: readonly (string | Buffer | null)[]): Uint8Array[] {
  return [
    serialize.parse({ text }),
    serialize.bind({ values: [...values] }),
    serialize.describe({ type: 'P' }),
    serialize.execute({}),
    serialize.sync(),
  ]
}

/** The messages that make a portal of a statement, for reading its rows piece by piece. */
export function portalMessages(
  portal: string,
  text: string,
  values: readonly (string | Buffer | null)[],
): Uint8Array[] {
  return [
    serialize.parse({ text }),
    serialize.bind({ portal, values: [...values] }),
    serialize.describe({ type: 'P', name: portal }),
    serialize.sync(),
  ]
}

/** Rows as objects, their values as what JavaScript has for them. */
export function readRows(columns: readonly Column[], rows: Answer['rows']): Record<string, unknown>[] {
  const readers = columns.map(({ dataTypeID }) => typeParsers.get(dataTypeID))
  // fromEntries, because a column may be called __proto__.
  return rows.map((fields) =>
    Object.fromEntries(
      fields.map((text, index) => {
        const parse = readers[index]
        return [columns[index]?.name ?? '', text === null || parse === undefined ? text : parse(text)]
      }),
    ),
  )
}
