import type { KeyPath } from '../../actions/action.ts'
import { isTable } from './document.ts'
import { sqlKinds, type SqlKind } from './schema.ts'
import { below, optionFor, type Schema } from './schema-walk.ts'

/** SQL in a file of actions. */
export interface SqlText {
  readonly path: KeyPath
  readonly kind: SqlKind
  readonly text: string
}

/** All SQL in some data, in the order of the data, whether the rest of it is as it should be or not. */
export function sqlTexts(schema: Schema, data: unknown, path: KeyPath = []): SqlText[] {
  const chosen = optionFor(schema, data)?.option
  const kind = chosen && sqlKinds.get(chosen)?.kind
  if (kind !== undefined && typeof data === 'string') return [{ path, kind, text: data }]
  const inner: [string | number, unknown][] = Array.isArray(data)
    ? [...(data as unknown[]).entries()]
    : isTable(data)
      ? Object.entries(data)
      : []
  return inner.flatMap(([part, value]) => {
    const inside = below(schema, data, part)
    return inside === undefined ? [] : sqlTexts(inside, value, [...path, part])
  })
}
