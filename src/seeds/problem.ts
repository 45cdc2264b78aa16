import { MetastoreError } from '../errors.ts'
import { lineAndColumn } from '../text-position.ts'

/** One thing that is wrong with the seeds: where, what, and what to do. It never holds a secret. */
export interface SeedProblem {
  /** `file:line:column`. */
  readonly where: string
  readonly message: string
  readonly remedy: string
}

/** Collects what is wrong, so that everything can be mended in one go. */
export interface Problems {
  readonly found: SeedProblem[]
  add(where: string, message: string, remedy: string): void
}

/** More than this helps nobody; what is beyond is counted only. */
const mostShown = 50

/** Makes an empty collection. */
export function collectProblems(): Problems {
  const found: SeedProblem[] = []
  return {
    found,
    add: (where, message, remedy) => void found.push({ where, message, remedy }),
  }
}

/** Throws `seed_invalid` with everything that was found, at most fifty of it; returns when nothing was. */
export function throwProblems({ found }: Problems): void {
  const [first, ...others] = [...new Map(found.map((one) => [`${one.where} ${one.message}`, one])).values()]
  if (first === undefined) return
  const shown = others.slice(0, mostShown - 1)
  const more = others.length - shown.length
  const heading = others.length === 1 ? 'One more problem:' : `${others.length} more problems:`
  throw new MetastoreError({
    code: 'seed_invalid',
    message: first.message,
    where: first.where,
    remedy: first.remedy,
    details: [
      ...(others.length === 0 ? [] : [heading]),
      ...shown.flatMap(({ where, message, remedy }) => [`${where}: ${message}`, `  ${remedy}`]),
      ...(more > 0 ? [`... and ${more} more.`] : []),
    ],
  })
}

/** A text of a file, for the places of what stands in it. */
export interface SourceText {
  /** As people see it. */
  readonly path: string
  readonly text: string
}

/** `path:line:column` of an offset. */
export function placeOf({ path, text }: SourceText, offset: number): string {
  const { line, column } = lineAndColumn(text, offset)
  return `${path}:${line}:${column}`
}
