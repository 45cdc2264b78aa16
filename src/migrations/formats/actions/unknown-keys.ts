import type { KeyPath } from '../../actions/action.ts'
import { nearest } from '../../../nearest.ts'
import { isTable, type Table } from './document.ts'
import { sharedLength, shownPath } from './key-path.ts'
import { below, keysOf, kindOf, optionFor, optionsOf, schemaAt, valueAt, type Schema } from './schema-walk.ts'

/** A key that the format does not know at its place. */
export interface UnknownKey {
  readonly path: KeyPath
  /** Where the author may have meant it to stand. */
  readonly nearest: KeyPath | undefined
  /** It is right there, and not only a similar one. */
  readonly isMisplaced: boolean
  readonly remedy: string
}

/** Data of which only what the format knows is left, and what was taken away. */
export interface KnownData {
  readonly data: unknown
  readonly unknown: readonly UnknownKey[]
  /** Tables with none of the keys that they could have, where the author should have written a string. */
  readonly misused: readonly { readonly path: KeyPath; readonly keys: readonly string[] }[]
}

/**
 * Takes away the keys that the format does not know, and those whose value is null, which counts as absent. What is of the
 * wrong type stays as it is.
 */
export function withoutUnknownKeys(schema: Schema, data: Table): KnownData {
  const cleaning: Cleaning = { unknown: [], misused: [] }
  const known = clean(cleaning, schema, data, [])
  const { unknown, misused } = cleaning
  return { data: known, unknown: unknown.map((path) => ({ path, ...placeFor(schema, data, path) })), misused }
}

/** Words as a sentence has them: `a, b and c`. */
export function listed(words: readonly string[], conjunction = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`
}

interface Cleaning {
  readonly unknown: KeyPath[]
  readonly misused: { readonly path: KeyPath; readonly keys: readonly string[] }[]
}

function clean(cleaning: Cleaning, schema: Schema, value: unknown, path: KeyPath): unknown {
  if (Array.isArray(value)) {
    return value.map((element: unknown, index) => {
      const inside = below(schema, value, index)
      return inside === undefined ? element : clean(cleaning, inside, element, [...path, index])
    })
  }
  // A table that is none of what can stand here keeps all its keys, since nobody can tell which are right.
  if (!isTable(value) || optionFor(schema, value) === undefined) return value
  const known = Object.create(null) as Record<string, unknown>
  for (const [key, inner] of Object.entries(value)) {
    const inside = key === '__proto__' ? undefined : below(schema, value, key)
    const keys = inside && insteadOfString(inside, inner)
    if (keys !== undefined) cleaning.misused.push({ path: [...path, key], keys })
    else if (inside === undefined) cleaning.unknown.push([...path, key])
    else if (inner !== null) known[key] = clean(cleaning, inside, inner, [...path, key])
  }
  return known
}

function insteadOfString(schema: Schema, value: unknown): readonly string[] | undefined {
  if (!isTable(value)) return undefined
  const options = optionsOf(schema)
  const table = options.find((option) => kindOf(option) === 'table')
  if (table === undefined || !options.some((option) => kindOf(option) === 'string')) return undefined
  const names = (keysOf(table) ?? []).map(([key]) => key)
  const meant = Object.keys(value).some((key) => names.includes(key) || nearest(key, names) !== undefined)
  return meant ? undefined : names
}

function placeFor(root: Schema, data: Table, path: KeyPath): Omit<UnknownKey, 'path'> {
  const key = String(path.at(-1))
  const places = legalPlaces(root, data, path)
  const siblings = places.filter(
    (place) => place.length === path.length && sharedLength(place, path) >= path.length - 1,
  )
  const names = siblings.map((place) => String(place.at(-1)))
  const same = closest(places, path, key)
  if (same !== undefined) {
    const there = schemaAt(root, data, same)
    const isString = there !== undefined && insteadOfString(there, valueAt(data, path)) !== undefined
    const remedy = isString ? 'Write it there, as a string.' : 'Move it there.'
    return { nearest: same, isMisplaced: true, remedy }
  }
  const sibling = nearest(key, names)
  const similar = sibling ?? nearest(key, new Set(places.map((place) => String(place.at(-1)))))
  const meant = similar === undefined ? undefined : closest(sibling === undefined ? places : siblings, path, similar)
  if (meant !== undefined) return { nearest: meant, isMisplaced: false, remedy: `Did you mean ${shownPath(meant)}?` }
  const legal = names.length === 0 ? '' : ` What can stand here: ${listed(names)}.`
  return { nearest: undefined, isMisplaced: false, remedy: `Remove it.${legal}` }
}

// The fewer steps between the two, the nearer; of equally near ones the first.
function closest(places: readonly KeyPath[], path: KeyPath, key: string): KeyPath | undefined {
  const distance = (place: KeyPath) => place.length + path.length - 2 * sharedLength(place, path)
  return places.filter((place) => place.at(-1) === key).toSorted((a, b) => distance(a) - distance(b))[0]
}

// Every key of the file's top level and of the action that the path is in; of lists the element of the path, or the first.
function legalPlaces(root: Schema, data: Table, path: KeyPath): KeyPath[] {
  const places: KeyPath[] = []
  const visit = (schema: Schema, at: KeyPath): void => {
    for (const option of optionsOf(schema)) {
      for (const [key, inner] of keysOf(option) ?? []) {
        places.push([...at, key])
        if (at.length > 0) enter(inner, [...at, key])
      }
    }
  }
  const enter = (schema: Schema, at: KeyPath): void => {
    for (const option of optionsOf(schema)) {
      if (kindOf(option) === 'table') visit(option, at)
      else if (kindOf(option) === 'list') {
        const part = sharedLength(at, path) === at.length ? path[at.length] : 0
        const index = typeof part === 'number' ? part : 0
        const element = below(option, [], index)
        if (element !== undefined) enter(element, [...at, index])
      }
    }
  }
  visit(root, [])
  const action = path.slice(0, 2)
  const declared = path[0] === 'actions' && path.length > 2 ? schemaAt(root, data, action) : undefined
  const chosen = declared && optionFor(declared, valueAt(data, action))?.option
  if (chosen !== undefined) visit(chosen, action)
  return places
}
