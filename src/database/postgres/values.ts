import type { SqlValue } from '../sql.ts'
import type { WireValue } from './wire.ts'

/** A bound value as the server reads it. */
export function toWire(value: SqlValue): WireValue {
  if (value === null) return null
  if (typeof value === 'object') return value instanceof Date ? timestampText(value) : bytesOf(value)
  return String(value)
}

/** A time as PostgreSQL reads it, in any year. */
export function timestampText(time: Date): string {
  const iso = time.toISOString()
  const year = time.getUTCFullYear()
  if (year > 0) return iso.replace(/^\+0*/, '')
  // PostgreSQL has no year 0 and no negative ones: 0 is 1 BC.
  return `${String(1 - year).padStart(4, '0')}${iso.replace(/^(?:-\d{6}|\d{4})/, '')} BC`
}

/** The bytes of any view, without copying them. */
export function bytesOf(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
