import { id, literal, sql, type Queryable } from '../../database/database.ts'
import { keyJoin } from './diff.ts'
import { passwordHashes } from './password-hash.ts'
import { rowColumn, stageSql, type Staged, type StagedSecret } from './staged.ts'
import { tableSql } from '../target.ts'
import type { CellWorld } from '../world.ts'

/**
 * Puts secrets into the staged rows: what is stored already where that is of the same secret, so that nothing changes, and else
 * a new token or hash. In a dry run these stay empty, which is a change as well.
 */
export async function sealSecrets(
  db: Queryable,
  staged: Staged,
  { cells, dry }: { readonly cells: CellWorld; readonly dry: boolean },
): Promise<void> {
  for (const [column, secrets] of byColumn(staged.secrets.filter(({ row }) => !staged.waiting.has(row)))) {
    const stored = await storedValues(db, staged, column)
    // A hash takes a good part of a second on purpose; a few at a time, each in a thread of its own.
    for (let start = 0; start < secrets.length; start += atOnce) {
      const some = secrets.slice(start, start + atOnce)
      const values = await Promise.all(some.map((secret) => sealedValue(cells, secret, stored.get(secret.row), dry)))
      for (const [index, value] of values.entries()) {
        const secret = some[index]
        if (secret === undefined || value === null) continue
        await db.query(
          sql`update ${stageSql(staged)} set ${id(column)} = ${value} where ${id(rowColumn)} = ${literal(secret.row)}`,
        )
      }
    }
  }
}

const atOnce = 4

function byColumn(secrets: readonly StagedSecret[]): Map<string, StagedSecret[]> {
  const columns = new Map<string, StagedSecret[]>()
  for (const secret of secrets) columns.set(secret.column, [...(columns.get(secret.column) ?? []), secret])
  return columns
}

async function storedValues(db: Queryable, staged: Staged, column: string): Promise<Map<number, string>> {
  const rows = await db.query<{ row: number | string; value: string | null }>(sql`
    select s.${id(rowColumn)} as row, cast(t.${id(column)} as text) as value
    from ${stageSql(staged)} as s join ${tableSql(staged.step.table)} as t on ${keyJoin(staged)}`)
  return new Map(rows.flatMap(({ row, value }) => (value === null ? [] : [[Number(row), value] as const])))
}

async function sealedValue(
  { secrets }: CellWorld,
  { seal, plain }: StagedSecret,
  stored: string | undefined,
  dry: boolean,
): Promise<string | null> {
  if (seal.kind === 'encrypt') {
    if (stored !== undefined && opened(secrets, stored) === plain) return stored
    return dry || secrets === null ? null : secrets.encrypt(plain)
  }
  const hash = passwordHashes[seal.algorithm]
  if (stored !== undefined && (await hash.verify(plain, stored).catch(() => false))) return stored
  return dry ? null : hash.hash(plain, seal.cost)
}

function opened(secrets: CellWorld['secrets'], token: string): string | undefined {
  try {
    return secrets?.decrypt(token)
  } catch {
    return undefined
  }
}
