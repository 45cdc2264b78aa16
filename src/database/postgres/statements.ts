import type { LoadRows, LoadTarget } from '../driver.ts'
import type { Sql } from '../sql.ts'
import { affectedRows } from './affected-rows.ts'
import { copyStatement } from './copy-text.ts'
import { CopyIn } from './copy-in.ts'
import {
  type Batch,
  type BoundStatement,
  ClosePortal,
  type Exchange,
  FirstBatch,
  NextBatch,
  Pipeline,
  Script,
  Statement,
} from './exchange.ts'
import { toWire } from './values.ts'

/** Sends one exchange and waits for its end; a session and a transaction each have a way of their own. */
export type Run = <E extends Exchange>(exchange: E, statement: string) => Promise<E>

/** A statement as it goes over the wire. */
export function boundStatement(statement: Sql): BoundStatement {
  const { text, values } = statement.bind('postgres')
  return { text, values: values.map(toWire) }
}

/** Runs statements one after the other, in one round trip. */
export async function runTogether(run: Run, statements: readonly BoundStatement[]): Promise<Pipeline> {
  return run(new Pipeline(statements), statements.map(({ text }) => text).join('\n;\n'))
}

/** Runs one statement with bound values. */
export async function runQuery<Row extends object>(run: Run, statement: Sql): Promise<Row[]> {
  const { text, values } = boundStatement(statement)
  const { rows } = await run(new Statement(text, values), text)
  return rows as Row[]
}

/** Runs one statement with bound values, for the number of rows that it is about. */
export async function runExecute(run: Run, statement: Sql): Promise<number> {
  const { text, values } = boundStatement(statement)
  const { tags } = await run(new Statement(text, values), text)
  return affectedRows(tags.at(-1))
}

/** Runs any number of statements in one message. */
export async function runScript(run: Run, text: string): Promise<void> {
  await run(new Script(text), text)
}

/** Writes rows by COPY. */
export async function runLoad(run: Run, target: LoadTarget, rows: LoadRows): Promise<number> {
  const text = copyStatement(target)
  const { count } = await run(new CopyIn(text, rows), text)
  return count
}

let portals = 0

/** Reads the rows of a statement in batches. Between two of them, the transaction is free for other statements. */
export async function* runStream<Row extends object>(
  run: Run,
  statement: Sql,
  size: number,
): AsyncGenerator<Row, void> {
  const { text, values } = statement.bind('postgres')
  const portal = `metastore_${++portals}`
  let batch: Batch = await run(new FirstBatch(portal, { text, values: values.map(toWire) }, size), text)
  try {
    for (;;) {
      yield* batch.rows as Row[]
      if (!batch.more) return
      batch = await run(new NextBatch(portal, batch.columns, size), text)
    }
  } finally {
    // Reached with rows left when the reader has seen enough; after a failure the portal is gone already.
    if (batch.more) await run(new ClosePortal(portal), text).catch(() => {})
  }
}
