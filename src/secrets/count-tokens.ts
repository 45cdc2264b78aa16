import { sql, type Dialect, type Session, type Transaction } from '../database/database.ts'
import type { Keyring } from './keyring.ts'
import type { TokenColumn } from './token-columns.ts'

/** What is in a column of tokens. */
export interface TokenCount {
  /** As it was declared. */
  readonly column: string
  /** How many tokens each key decrypts, the newest first. */
  readonly byKey: readonly number[]
  /** Tokens that no key fits. */
  readonly noKey: number
  /** Tokens that a key signed and that hold something damaged. */
  readonly damaged: number
  /** Values that are no tokens at all, such as plain text. */
  readonly notTokens: number
}

/** Whether everything in the column can be decrypted. */
export function isReadable({ noKey, damaged, notTokens }: TokenCount): boolean {
  return noKey + damaged + notTokens === 0
}

/** How many tokens of a column need another key than the newest. */
export function outdated({ byKey }: TokenCount): number {
  return byKey.slice(1).reduce((sum, number) => sum + number, 0)
}

/** The positions of keys, from 1, that nothing in these columns needs; the newest, which encrypts, is none of them. */
export function retirable({ size }: Pick<Keyring, 'size'>, counts: readonly TokenCount[]): readonly number[] {
  if (counts.length === 0) return []
  const isUsed = (position: number) => counts.some(({ byKey }) => (byKey[position - 1] ?? 0) > 0)
  return Array.from({ length: size }, (_, index) => index + 1).filter((position) => position > 1 && !isUsed(position))
}

/** Reads every value of a column and says which key fits how many. Values leave this function as numbers only. */
export function countTokens(
  session: Session,
  dialect: Dialect,
  { name, table, column }: TokenColumn,
  ring: Keyring,
): Promise<TokenCount> {
  const byKey = Array<number>(ring.size).fill(0)
  const faults = { no_key: 0, damaged: 0, not_a_token: 0 }
  return session.transaction(async (tx) => {
    await seeAllRows(tx, dialect)
    const values = tx.stream<{ token: string }>(sql`
      select cast(${column} as text) as token from ${table} where ${column} is not null`)
    for await (const { token } of values) {
      const opened = ring.open(token)
      if ('fault' in opened) faults[opened.fault] += 1
      else byKey[opened.key - 1] = (byKey[opened.key - 1] ?? 0) + 1
    }
    return {
      column: name,
      byKey,
      noKey: faults.no_key,
      damaged: faults.damaged,
      notTokens: faults.not_a_token,
    }
  })
}

/** Makes rows that a policy would hide an error instead. */
export async function seeAllRows(tx: Transaction, dialect: Dialect): Promise<void> {
  if (dialect === 'postgres') await tx.query(sql`set local row_security = off`)
}
