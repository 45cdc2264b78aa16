import type { Sql } from '../../database/sql.ts'
import { displayName } from '../object.ts'
import type { CatalogObject, ObjectIdentity } from '../objects.ts'

/** One statement that brings a database nearer to a catalog. */
export interface RenderedStatement {
  readonly sql: Sql
  /** The key of the object that it is about. */
  readonly object: string
  /** What it does with that, as `add` or `create`; `set` is a setting of the session, which gives nothing back by itself. */
  readonly action: string
  /** What it does, as `add column public.runs.cost`. */
  readonly label: string
  /** Whether rows, values or the state of a sequence can be gone after it. */
  readonly losesData: boolean
  /** Whether it brings back what is missing, without touching any row. */
  readonly repair: boolean
}

/** A statement that gives back something without touching rows; most are. */
export function statement(
  object: ObjectIdentity,
  action: string,
  sql: Sql,
  flags: { readonly losesData?: boolean; readonly repair?: boolean } = {},
): RenderedStatement {
  const label = `${action} ${displayObject(object)}`
  return { sql, object: object.key, action, label, losesData: false, repair: true, ...flags }
}

/** An object as people call it: `table public.runs`, `function public.total(integer, text)`. */
export function displayObject(object: ObjectIdentity): string {
  return `${displayKind(object)} ${displayPath(object)}`
}

// The names of an object: `public.runs.cost`, `public.total(integer, text)`.
function displayPath({ kind, path }: ObjectIdentity): string {
  if (kind === 'routine') return `${path.slice(0, 2).map(displayName).join('.')}(${path[2] ?? ''})`
  if (kind === 'default_privileges') {
    const [role = '', schema = '', objects = ''] = path
    const where = schema === '' ? '' : ` in schema ${displayName(schema)}`
    return `of ${displayName(role)} on ${objects.replace('_', ' ')}${where}`
  }
  return path.map(displayName).join('.')
}

function displayKind(object: ObjectIdentity): string {
  if (!('value' in object)) return object.kind.replace('_', ' ')
  const { kind, value } = object as CatalogObject
  if (kind === 'routine') return value.kind
  return kind === 'view' && value.kind === 'materialized' ? 'materialized view' : kind.replace('_', ' ')
}
