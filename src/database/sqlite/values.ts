import { MetastoreError } from '../../errors.ts'
import type { SqlValue } from '../sql.ts'

/** A value that libsql can bind. */
export type Bindable = string | number | bigint | Buffer | null

/**
 * A value as libsql takes it. It ends the process when it is given a boolean, throws for a Date, and stores the number 1 as
 * the real 1.0, which a column without a type keeps.
 */
export function toBindable(value: SqlValue): Bindable {
  switch (typeof value) {
    case 'string':
      // It would be stored, and then read up to the zero byte only.
      if (value.includes('\0')) throw zeroByte()
      return value
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw tooLarge(value)
      return value
    case 'boolean':
      return value ? 1n : 0n
    default:
      if (value === null) return null
      if (value instanceof Date) return value.toISOString()
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
}

/** A value that libsql read with `safeIntegers`, as JavaScript has it. */
export function fromSqlite(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return value instanceof Uint8Array ? Uint8Array.from(value) : value
}

function zeroByte(): MetastoreError {
  return new MetastoreError({
    code: 'name_invalid',
    message: 'SQLite cannot read back a text with a zero byte.',
    remedy: 'Remove the zero byte, or store the value as bytes.',
  })
}

function tooLarge(value: bigint): MetastoreError {
  return new MetastoreError({
    code: 'name_invalid',
    message: `SQLite has no integer as large as ${value}.`,
    remedy: 'Store it as text.',
  })
}
