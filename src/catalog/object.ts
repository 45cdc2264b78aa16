/** The name of an object that lives in a schema; on SQLite the schema is `main`. */
export interface ObjectName {
  readonly schema: string
  readonly name: string
}

/** Options as the engine keeps them: a name and a text each. */
export type Settings = Readonly<Record<string, string>>

/**
 * What a role other than the owner may do with an object. The owner has an entry only when some of its own privileges
 * have been taken away, and then it lists what is left.
 */
export interface Grant {
  /** A role; `public` stands for everybody. */
  readonly grantee: string
  /** In lower case, as `select`. */
  readonly privileges: readonly string[]
  /** Whether the role may pass them on. */
  readonly grantOption: boolean
}

/** The kinds of objects that a catalog tells apart. */
export type ObjectKind =
  | 'schema'
  | 'extension'
  | 'collation'
  | 'type'
  | 'sequence'
  | 'table'
  | 'view'
  | 'routine'
  | 'statistics'
  | 'event_trigger'
  | 'publication'
  | 'default_privileges'
  | 'column'
  | 'constraint'
  | 'index'
  | 'trigger'
  | 'rule'
  | 'policy'

/**
 * The identity of an object, which stays the same when its definition changes: `column public.runs.id`,
 * `routine public.notify(integer, text)`. No two objects of a catalog share one: a name that is not a plain
 * lower-case word is quoted.
 */
export function objectKey(kind: ObjectKind, path: readonly string[]): string {
  // A routine is one of its name with these types of arguments.
  if (kind === 'routine') return `${kind} ${path.slice(0, 2).map(displayName).join('.')}(${path[2] ?? ''})`
  return `${kind} ${path.map(displayName).join('.')}`
}

/** A name for people: quoted unless it is a plain lower-case word. */
export function displayName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
