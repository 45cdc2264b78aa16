import type { Severity } from '../../finding.ts'
import { shown, type ObjectRef } from './tree.ts'
import type { TableSize } from './statistics.ts'

/** Work that the server does on all rows of a table while somebody waits. */
export type Work = 'scan' | 'lookup' | 'index' | 'rewrite' | 'evaluate' | 'update'

/** Which work a statement makes of which table. */
export interface Load {
  readonly table: ObjectRef
  readonly work: Work
}

/**
 * What a second does, in rows and in bytes. The rows were measured on a million narrow rows under traffic on a small shared
 * machine: SET NOT NULL 57 ms (scan), ADD FOREIGN KEY 157 ms (lookup), CREATE INDEX 958 ms (index), integer to bigint 1.2 s
 * (rewrite), a volatile default 3.8 s (evaluate). A whole-table UPDATE also writes the old versions and the log: a fifth of a
 * rewrite. Bytes are what a modest network disk gives. A forecast takes the slower of the two; it is an order of magnitude.
 */
export const rates: Readonly<Record<Work, { readonly rows: number; readonly bytes: number }>> = {
  scan: { rows: 17_000_000, bytes: 400_000_000 },
  lookup: { rows: 6_000_000, bytes: 400_000_000 },
  index: { rows: 1_000_000, bytes: 200_000_000 },
  rewrite: { rows: 800_000, bytes: 100_000_000 },
  evaluate: { rows: 260_000, bytes: 100_000_000 },
  update: { rows: 160_000, bytes: 50_000_000 },
}

/** What some work costs on a table as it is. */
export interface Cost {
  readonly rows: number | null
  readonly bytes: number
  readonly seconds: number
}

/** The forecast for some work on a table. A rewrite builds every index anew as well. */
export function costOf(work: Work, { rows, bytes, indexBytes }: TableSize): Cost {
  const rate = rates[work]
  const all = work === 'rewrite' || work === 'evaluate' || work === 'update' ? bytes + indexBytes : bytes
  return { rows, bytes, seconds: Math.max((rows ?? 0) / rate.rows, all / rate.bytes) }
}

/** How bad it is that somebody waits that long: a second is felt, a minute is an outage. */
export function severityOf({ seconds }: Cost): Severity {
  return seconds >= 60 ? 'P0' : seconds >= 1 ? 'P1' : 'P2'
}

/** What the work costs, as a sentence. */
export function costSentence(table: ObjectRef, { rows, bytes, seconds }: Cost): string {
  const count = rows === null ? '' : `${rounded(rows)} ${rows === 1 ? 'row' : 'rows'} in `
  return `Here ${shown(table)} has ${count}${size(bytes)}: about ${duration(seconds)}.`
}

/** A number of things for people: `12 million`, `3,400`. */
export function rounded(count: number): string {
  if (count >= 1e9) return `${trimmed(count / 1e9)} billion`
  if (count >= 1e6) return `${trimmed(count / 1e6)} million`
  return Math.round(count).toLocaleString('en-US')
}

/** Bytes for people. */
export function size(bytes: number): string {
  if (bytes >= 1e9) return `${trimmed(bytes / 1e9)} GB`
  if (bytes >= 1e6) return `${trimmed(bytes / 1e6)} MB`
  return `${trimmed(bytes / 1e3)} kB`
}

function duration(seconds: number): string {
  if (seconds >= 5400) return `${trimmed(seconds / 3600)} h`
  if (seconds >= 90) return `${Math.round(seconds / 60)} min`
  if (seconds >= 1) return `${Math.round(seconds)} s`
  return `${Math.max(1, Math.round(seconds * 1000))} ms`
}

function trimmed(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, '')
}
