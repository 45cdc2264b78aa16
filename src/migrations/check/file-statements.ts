import { lineAndColumn } from '../../text-position.ts'
import type { MigrationFile } from '../migration.ts'
import { loadParser } from '../sql/parser.ts'
import { findHazards } from './find-hazards.ts'
import type { HazardContext } from './scene.ts'
import { scriptOf } from './scripts.ts'
import { sqlPartsOf } from './sql-parts.ts'

/** One statement of an SQL file, with what the hazards say of it. */
export interface FileStatement {
  readonly text: string
  readonly line: number
  readonly column: number
  /** `begin`, `commit` and the like, `local` for a SET LOCAL, `truncate`; anything else is `other`. */
  readonly kind: 'transaction' | 'local' | 'truncate' | 'other'
  /** Codes of the hazards that are found in it, allowed or not. */
  readonly hazards: readonly string[]
}

/** The statements of the up part of an SQL file; none of a file that is no SQL, or does not parse. */
export async function fileStatements(file: MigrationFile, context: HazardContext): Promise<readonly FileStatement[]> {
  const part = (await sqlPartsOf([file], 'postgres')).find(({ direction }) => direction === 'up')
  if (part === undefined || part.problems.length > 0) return []
  const script = scriptOf(part, await loadParser())
  const found = findHazards(script, context)
  return script.statements.map(({ text, offset, end, node }) => {
    const [from, to] = [script.start + offset, script.start + end]
    return {
      text,
      ...lineAndColumn(script.source, from),
      kind: kindOf(node),
      hazards: found
        .filter(({ statement }) => statement.offset >= from && statement.offset <= to)
        .map(({ finding }) => finding.code),
    }
  })
}

function kindOf(node: object | undefined): FileStatement['kind'] {
  if (node === undefined) return 'other'
  if ('TransactionStmt' in node) return 'transaction'
  if ('TruncateStmt' in node) return 'truncate'
  const set = 'VariableSetStmt' in node ? (node.VariableSetStmt as { readonly is_local?: boolean }) : undefined
  return set?.is_local === true ? 'local' : 'other'
}
