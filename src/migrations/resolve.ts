import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { versionOf } from '../file-order.ts'

/**
 * The one name that a person means: the whole name, its leading number (`3` for `003_add_runs`), the part after the number,
 * or an unambiguous beginning of either. Throws `migration_unknown` when there is none, or more than one.
 */
export function resolveName(reference: string, names: readonly string[]): string {
  if (names.includes(reference)) return reference
  const matches =
    firstNonEmpty(
      () => names.filter((name) => isNumber(reference) && versionOf(name) === withoutZeros(reference)),
      () => names.filter((name) => title(name) === reference),
      () => names.filter((name) => name.startsWith(reference)),
      () => names.filter((name) => title(name).startsWith(reference)),
    ) ?? []
  const [only, another] = matches
  if (only !== undefined && another === undefined) return only
  throw only === undefined ? unknown(reference, names) : ambiguous(reference, matches)
}

/** Where to go: to a named migration, to the newest, to the beginning, or a number of steps from here. */
export type Destination =
  | { readonly kind: 'head' }
  | { readonly kind: 'base' }
  | { readonly kind: 'steps'; readonly count: number }
  | { readonly kind: 'name'; readonly name: string }

/** A destination as it is written: `head`, `base`, `+2`, `-1`, or the name of one of these migrations. */
export function parseDestination(text: string, names: readonly string[]): Destination {
  if (text === 'head' || text === 'heads') return { kind: 'head' }
  if (text === 'base') return { kind: 'base' }
  if (/^[+-]\d{1,9}$/.test(text)) return { kind: 'steps', count: Number(text) }
  return { kind: 'name', name: resolveName(text, names) }
}

function firstNonEmpty(...searches: readonly (() => string[])[]): string[] | undefined {
  for (const search of searches) {
    const found = search()
    if (found.length > 0) return found
  }
  return undefined
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '')
}

function title(name: string): string {
  return name.replace(/^\d+[_.-]*/, '')
}

function unknown(reference: string, names: readonly string[]): MetastoreError {
  const close = nearest(reference, names) ?? nearest(reference, names.map(title))
  return new MetastoreError({
    code: 'migration_unknown',
    message: `There is no migration ${JSON.stringify(reference)}.`,
    remedy:
      names.length === 0
        ? 'There are no migrations yet; create one with metastore new NAME.'
        : `${close === undefined ? '' : `Did you mean ${close}? `}metastore history lists them all.`,
  })
}

function ambiguous(reference: string, matches: readonly string[]): MetastoreError {
  return new MetastoreError({
    code: 'migration_unknown',
    message: `${JSON.stringify(reference)} could be ${matches.length} migrations.`,
    remedy: 'Give more of the name.',
    details: matches.slice(0, 10),
  })
}
