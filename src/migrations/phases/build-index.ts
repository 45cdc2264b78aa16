import { amended, id, sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { BuildIndexBody } from '../batch/phase-step.ts'
import type { BodyRun } from './body-run.ts'
import { buildConcurrently } from './build-concurrently.ts'
import { buildPartitionedIndex } from './build-partitioned-index.ts'
import { inPhaseTransaction } from './phase-transaction.ts'

/** Builds an index without blocking writers, and gives it its final name together with the step's note. */
export async function buildIndex(body: BuildIndexBody, { work, noting, last }: BodyRun): Promise<void> {
  const { run, batch } = work
  const { schema, internalName, finalName } = body
  await run.session.query(noting({ status: 'intent' }))
  const index = { ...body, name: internalName }
  try {
    if (body.partitioned) await buildPartitionedIndex(run, batch.base, index, finalName ?? internalName)
    else await buildConcurrently(run, batch.base, index)
  } catch (error) {
    throw calledByItsName(error, body)
  }
  const rename = finalName === null ? [] : [sql`alter index ${id(schema, internalName)} rename to ${id(finalName)}`]
  await inPhaseTransaction(run, batch.base, { locks: [], statements: rename, last })
}

// Nobody knows the name that it has while it is built.
function calledByItsName(error: unknown, { internalName, finalName }: BuildIndexBody): unknown {
  if (!(error instanceof MetastoreError) || finalName === null) return error
  const named = (text: string) => text.replaceAll(internalName, finalName)
  return amended(error, { message: named(error.message), details: error.details.map(named) })
}
