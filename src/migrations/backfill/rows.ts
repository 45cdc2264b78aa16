import { id, literal, raw, sql, type Sql } from '../../database/database.ts'
import type { Relation } from './relations.ts'

/** Which rows of a relation a statement is about: those in a range of slots, or those at some places (`(12,4)`). */
export type Rows =
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'places'; readonly places: readonly string[] }

/** The condition that a row called by an alias is one of them. */
export function isAmong(rows: Rows, alias: string, { slots }: Relation, { rangeScans }: Scans): Sql {
  const place = sql`${id(alias)}.ctid`
  if (rows.kind === 'places') return sql`${place} = any(${placesArray(rows.places)})`
  const { from, to } = rows
  if (rangeScans) return sql`${place} >= ${tid(from, slots)} and ${place} < ${tid(to, slots)}`
  // Without range scans every batch would read the whole table; rows that are looked up one by one are found at once,
  // and a place without a row costs next to nothing.
  const perBlock = raw(String(slots))
  return sql`${place} = any(array(
    select format('(%s,%s)', slot / ${perBlock}, slot % ${perBlock} + 1)::tid
    from generate_series(${raw(String(from))}::int8, ${raw(String(to - 1))}::int8) slot))`
}

/** Places as an array of SQL. */
export function placesArray(places: readonly string[]): Sql {
  return sql`${literal(`{${places.map((place) => `"${place}"`).join()}}`)}::tid[]`
}

/** What the server can do with places of rows. */
export interface Scans {
  /** It reads the blocks of a range of places only (from PostgreSQL 14). */
  readonly rangeScans: boolean
}

// Rows of a block are counted from 1.
function tid(slot: number, slots: number): Sql {
  return sql`${literal(`(${Math.floor(slot / slots)},${(slot % slots) + 1})`)}::tid`
}
