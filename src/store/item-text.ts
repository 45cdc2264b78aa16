import { invalid } from './failures.ts'

/** Where the words of a value are looked for: nowhere, in the fields at these paths, or in all of it. */
export type ItemIndex = false | readonly string[] | undefined

/** How much text of a value is looked into: a tsvector holds at most a megabyte (PostgreSQL manual, 12.11). */
const most = 200_000

/**
 * The text in which the words of a query are looked for; undefined for none. A path is `title`, `meta.title`, `parts[0].text`,
 * `parts[-1]`, `parts[*].text`, or `$` for all. Throws `request_invalid`.
 */
export function textOf(value: unknown, index: ItemIndex): string | undefined {
  if (index === false) return undefined
  const roots = index === undefined ? [value] : index.flatMap((path, place) => at(value, stepsOf(path, place)))
  return roots.flatMap(texts).join('\n').slice(0, most)
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
}

function stepsOf(path: string, place: number): string[] {
  if (path === '$') return []
  if (!/^[^.[\]]+(\.[^.[\]]+|\[(\*|-?\d+)\])*$/.test(path)) {
    throw invalid(
      `index[${place}]`,
      'Write a path such as title, meta.title, parts[0].text, parts[*].text, or $ for all.',
    )
  }
  return [...path.matchAll(/[^.[\]]+|\[[^\]]+\]/g)].map(([step]) => step)
}

function at(value: unknown, [step, ...rest]: readonly string[]): unknown[] {
  if (step === undefined) return [value]
  if (typeof value !== 'object' || value === null) return []
  if (!step.startsWith('[')) return Object.hasOwn(value, step) ? at((value as Record<string, unknown>)[step], rest) : []
  if (!Array.isArray(value)) return []
  const chosen = step === '[*]' ? (value as unknown[]) : [value.at(Number(step.slice(1, -1)))]
  return chosen.flatMap((one) => at(one, rest))
}
