import type { ValueNode } from './nodes/value-node.ts'

/** The ways in which a password can be hashed. */
export type HashAlgorithm = 'bcrypt' | 'argon2id' | 'scrypt'

/** What a file is read as. */
export type FileEncoding = 'text' | 'base64' | 'bytes'

/** One cell of a row: a value, or where it comes from. `at` is its place as an offset. */
export type Cell = { readonly at: number } & (
  | { readonly kind: 'value'; readonly node: ValueNode }
  | { readonly kind: 'json'; readonly node: ValueNode }
  | { readonly kind: 'ref'; readonly ref: Reference }
  | { readonly kind: 'env'; readonly name: string; readonly otherwise: ValueNode | null }
  | { readonly kind: 'file'; readonly path: string; readonly encoding: FileEncoding }
  | { readonly kind: 'encrypt'; readonly cell: Cell }
  | { readonly kind: 'hash'; readonly cell: Cell; readonly algorithm: HashAlgorithm; readonly cost: number }
  | { readonly kind: 'uuid'; readonly name: string | null }
  | { readonly kind: 'now' }
)

/** A row of another table, by its natural key. */
export interface Reference {
  /** The table; null for the one that the column's foreign key names. */
  readonly table: string | null
  /** The column whose value is taken; null for the one that the foreign key names. */
  readonly column: string | null
  readonly by: readonly { readonly column: string; readonly at: number; readonly cell: Cell }[]
}

/** Whether any of the value comes from a secret, or may be one: it is then never shown. */
export function isSecret(cell: Cell): boolean {
  return cell.kind === 'encrypt' || cell.kind === 'hash' || cell.kind === 'env'
}
