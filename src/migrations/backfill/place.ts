import { blocksFor, type Density, type Goal } from './pace.ts'
import type { Place, Range } from './progress.ts'
import type { Relation } from './relations.ts'

/** Where a walk begins: at the first relation that has rows. */
export function firstPlace(relations: readonly Relation[]): Place | null {
  return placeFrom(relations, 0)
}

/** Where a walk goes on that was broken off: a relation whose rows have been moved meanwhile is walked again. */
export function resumedPlace(relations: readonly Relation[], at: Place): Place | null {
  const same = relations.some(({ oid, file }) => oid === at.relation && file === at.file)
  return same ? at : placeFrom(relations, at.relation)
}

/** The place after a range: in the same relation, or at the begin of the next one that has rows. */
export function placeAfter(relations: readonly Relation[], at: Place, range: Range): Place | null {
  return range.to < at.end ? { ...at, next: range.to } : placeFrom(relations, at.relation + 1)
}

function placeFrom(relations: readonly Relation[], oid: number): Place | null {
  const next = relations.find((relation) => relation.oid >= oid && relation.blocks > 0)
  return next === undefined ? null : { relation: next.oid, file: next.file, next: 0, end: next.blocks * next.slots }
}

/** The next range for a batch, of about as many rows as are wanted. */
export function rangeAt(at: Place, { slots }: Relation, wanted: Goal, density: Density | undefined): Range {
  const block = Math.floor(at.next / slots)
  // Where one row takes long, a block holds more of them than a batch is to have.
  const inBlock = density !== undefined && wanted < density.recent
  const to = inBlock
    ? Math.min(at.next + Math.ceil(wanted), (block + 1) * slots)
    : (block + blocksFor(wanted, density)) * slots
  return { relation: at.relation, from: at.next, to: Math.min(to, at.end) }
}
