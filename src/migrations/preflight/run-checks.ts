import { seeEveryRow } from '../../catalog/catalog.ts'
import { type DatabaseError, type Session } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { DataCheck } from './preflight-plan.ts'
import { isAboutTheStatement } from './statement-failure.ts'

/**
 * Asks the live data one question, reading only. Policies do not hide rows: where they would, the server refuses the query.
 * `bound` tells whether all SQL of the batch is understood; a question that is not follows from that.
 */
export async function checkProblems(session: Session, check: DataCheck, bound: boolean): Promise<MetastoreError[]> {
  try {
    const rows = await session.transaction(async (tx) => {
      await tx.script(`set transaction read only; ${seeEveryRow().inline('postgres')}`)
      return tx.query(check.query)
    })
    return rows.length === 0 ? [] : [check.problem(rows)]
  } catch (error) {
    if (!isAboutTheStatement(error)) throw error
    return bound || error.reason === 'permission' ? [unanswered(check, error)] : []
  }
}

function unanswered({ label, query }: DataCheck, error: DatabaseError): MetastoreError {
  const fit = `It cannot be told whether the rows fit the ${label}: `
  if (/^(22|P0)/.test(error.engineCode ?? '')) {
    // What the server says of a value holds the value, which may be personal.
    return new MetastoreError({
      code: 'data_conflict',
      message: `${fit}for one of them a value cannot be computed (SQLSTATE ${error.engineCode}).`,
      remedy: 'Correct the expression or the row, then run the same command again. The query below shows the failure.',
      details: query.inline('postgres').split('\n'),
      cause: error,
    })
  }
  const hidden = error.reason === 'permission'
  return new MetastoreError({
    code: hidden ? 'privilege_missing' : 'data_conflict',
    message: `${fit}${error.message}`,
    where: error.where,
    remedy: hidden ? 'Migrate as a role that may read all rows of the table.' : error.remedy,
    details: error.details,
    cause: error,
  })
}
