import { invalid } from '../failures.ts'

/** Where an item's texts are: nowhere, in the fields at these paths, or wherever it is usual. */
export type ItemIndex = false | readonly string[] | undefined

/** A text of an item, and the path at which it is, without `[*]`. */
export interface FieldText {
  readonly path: string
  readonly text: string
}

/** How much text of a value is looked into: a tsvector holds at most a megabyte (PostgreSQL manual, 12.11). */
const most = 200_000

/** How many texts of an item are found by their meaning. */
const mostTexts = 100

/**
 * The text in which the words of a query are looked for; undefined for none. A path is `title`, `meta.title`, `parts[0].text`,
 * `parts[-1]`, `parts[*].text`, or `$` for all. Throws `request_invalid`.
 */
export function textOf(value: unknown, index: ItemIndex): string | undefined {
  if (index === false) return undefined
  const roots = index === undefined ? [value] : index.flatMap((path, place) => found(value, path, place))
  return roots
    .flatMap((root) => texts(root))
    .join('\n')
    .slice(0, most)
}

/**
 * The texts of a value whose meanings are looked for, each once: a text or a number as it is, a list or an object as JSON. Throws
 * `request_invalid`.
 */
export function fieldTexts(value: unknown, paths: readonly string[]): FieldText[] {
  const all = new Map<string, string>()
  paths.forEach((path, place) => {
    for (const { path: exact, value: one } of at(value, stepsOf(path, place), '')) {
      const text = typeof one === 'string' ? one : one == null ? '' : canonicalJson(one)
      if (text.trim() !== '') all.set(exact === '' ? '$' : exact, text)
    }
  })
  return [...all].slice(0, mostTexts).map(([path, text]) => ({ path, text }))
}

/** Whether something is a path of texts in a value. */
export function isTextPath(path: string): boolean {
  return path === '$' || /^[^.[\]]+(\.[^.[\]]+|\[(\*|-?\d+)\])*$/.test(path)
}

function found(value: unknown, path: string, place: number): unknown[] {
  return at(value, stepsOf(path, place), '').map(({ value: one }) => one)
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
}

function stepsOf(path: string, place: number): string[] {
  if (path === '$') return []
  if (!isTextPath(path)) {
    throw invalid(
      `index[${place}]`,
      'Write a path such as title, meta.title, parts[0].text, parts[*].text, or $ for all.',
    )
  }
  return [...path.matchAll(/[^.[\]]+|\[[^\]]+\]/g)].map(([step]) => step)
}

interface Place {
  readonly path: string
  readonly value: unknown
}

function at(value: unknown, [step, ...rest]: readonly string[], path: string): Place[] {
  if (step === undefined) return [{ path, value }]
  if (typeof value !== 'object' || value === null) return []
  if (!step.startsWith('[')) {
    if (!Object.hasOwn(value, step)) return []
    return at((value as Record<string, unknown>)[step], rest, path === '' ? step : `${path}.${step}`)
  }
  if (!Array.isArray(value)) return []
  const chosen = step === '[*]' ? value.keys() : [indexIn(value, Number(step.slice(1, -1)))]
  return [...chosen].flatMap((index) => at(value[index], rest, `${path}[${index}]`))
}

function indexIn(list: readonly unknown[], index: number): number {
  return index < 0 ? list.length + index : index
}

// jsonb keeps keys in an order of its own: what is read back has to be the same text as what was given.
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}
