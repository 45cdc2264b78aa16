import type { Classification } from './classification.ts'
import { classifyPostgres } from './classify-postgres.ts'
import { classifySqlite } from './classify-sqlite.ts'
import type { Statement } from './split.ts'

export type { Classification, StatementKind } from './classification.ts'

/** How a statement gets along with transactions, from its parse tree (PostgreSQL) or its first words (SQLite). */
export function classifyStatement(statement: Statement): Classification {
  return statement.node === undefined ? classifySqlite(statement) : classifyPostgres(statement.node)
}
