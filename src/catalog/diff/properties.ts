import { displayName, type ObjectKind } from '../object.ts'
import { compareCodePoints } from '../sort.ts'

/** One property in which two objects differ. */
export interface Change {
  /** Where it stands in the object, as `type`, `references.onDelete` or `options.fillfactor`. */
  readonly property: string
  /** As the catalog has it; null where it has none. */
  readonly expected: unknown
  readonly actual: unknown
}

// Part of the identity, or an object of its own.
const elsewhere: Readonly<Partial<Record<ObjectKind, readonly string[]>>> = {
  table: ['columns', 'constraints', 'indexes', 'triggers', 'rules', 'policies'],
  view: ['indexes', 'triggers', 'rules'],
  routine: ['argumentTypes'],
  default_privileges: ['role', 'objects'],
}

// Lists whose order says nothing, wherever they occur. Columns of a key are not among them.
const sets = new Set([
  'grants',
  'privileges',
  'roles',
  'events',
  'tags',
  'kinds',
  'schemas',
  'tables',
  'onDeleteColumns',
])
const setsOf: Readonly<Partial<Record<ObjectKind, readonly string[]>>> = {
  trigger: ['columns'],
  statistics: ['columns'],
  publication: ['columns'],
}

// Lists of things with names, which are compared one by one; the order of these is a property of its own.
const named = new Set(['columns', 'attributes', 'constraints'])

interface Place {
  readonly kind: ObjectKind
  readonly path: readonly string[]
}

/** Every property in which two values of one kind of object differ. */
export function changedProperties(kind: ObjectKind, expected: object, actual: object): Change[] {
  const own = elsewhere[kind] ?? []
  const isCompared = (name: string) => name !== 'schema' && name !== 'name' && !own.includes(name)
  return [...compareRecords({ kind, path: [] }, expected as Fields, actual as Fields, isCompared)]
}

/** The change of the order of what has names, of those that are on both sides. */
export function orderChange(
  property: string,
  expected: readonly { readonly name: string }[],
  actual: readonly { readonly name: string }[],
): Change[] {
  if (expected.length === actual.length && expected.every(({ name }, place) => name === actual[place]?.name)) return []
  const common = (list: typeof expected, other: typeof expected) => {
    const names = new Set(other.map(({ name }) => name))
    return list.map(({ name }) => name).filter((name) => names.has(name))
  }
  const [left, right] = [common(expected, actual), common(actual, expected)]
  return left.every((name, place) => name === right[place]) ? [] : [{ property, expected: left, actual: right }]
}

type Fields = Readonly<Record<string, unknown>>

function* compareRecords(
  place: Place,
  expected: Fields,
  actual: Fields,
  isCompared: (name: string) => boolean = () => true,
): Generator<Change> {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    // Nearly everything is the same, and then nothing more has to be known of it.
    if (!isCompared(name) || isSame(expected[name], actual[name])) continue
    yield* compare({ ...place, path: [...place.path, name] }, expected[name] ?? null, actual[name] ?? null)
  }
}

/** Whether two values of a catalog are alike to the last property, and every list in the same order. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, at) => isSame(item, right[at]))
  }
  const names = Object.keys(left)
  const [one, other] = [left as Fields, right as Fields]
  return names.length === Object.keys(right).length && names.every((name) => isSame(one[name], other[name]))
}

function* compare(place: Place, expected: unknown, actual: unknown): Generator<Change> {
  const property = place.path.map(segment).join('.')
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (areNamed(place, expected) && areNamed(place, actual)) yield* compareNamed(place, expected, actual)
    else if (canonical(place, expected) !== canonical(place, actual)) yield { property, expected, actual }
  } else if (isRecord(expected) && isRecord(actual)) {
    yield* compareRecords(place, expected, actual)
  } else if (expected !== actual) {
    yield { property, expected, actual }
  }
}

function* compareNamed(place: Place, expected: readonly Named[], actual: readonly Named[]): Generator<Change> {
  const byName = (list: readonly Named[]) => Object.fromEntries(list.map((item) => [item.name, item]))
  yield* compareRecords(place, byName(expected), byName(actual))
  // The rules of a domain are tried by their names.
  if (place.path.at(-1) === 'constraints') return
  yield* orderChange(`${place.path.map(segment).join('.')}.order`, expected, actual)
}

interface Named extends Fields {
  readonly name: string
}

function areNamed({ path }: Place, list: readonly unknown[]): list is readonly Named[] {
  return named.has(path.at(-1) ?? '') && list.every((item) => isRecord(item) && typeof item['name'] === 'string')
}

// A text that is the same for what means the same.
function canonical(place: Place, value: unknown): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(place, item))
    return JSON.stringify(isSet(place) ? items.sort(compareCodePoints) : items)
  }
  if (!isRecord(value)) return JSON.stringify(value)
  const entries = Object.entries(value).map(([name, item]): [string, string] => [
    name,
    canonical({ ...place, path: [...place.path, name] }, item),
  ])
  return JSON.stringify(entries.sort(([left], [right]) => compareCodePoints(left, right)))
}

function isSet({ kind, path }: Place): boolean {
  const name = path.at(-1) ?? ''
  return sets.has(name) || setsOf[kind]?.includes(name) === true
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// A name with a dot in it must not look like two.
function segment(name: string): string {
  return /^\w+$/.test(name) ? name : displayName(name)
}
