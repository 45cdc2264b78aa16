import type { Catalog } from '../database-catalog.ts'
import type { Grant } from '../object.ts'
import type { CatalogObject } from '../objects.ts'
import { objects } from '../objects.ts'
import { commentOn, grantsOn, ownerOf } from './rights.ts'
import type { RenderedStatement } from './statement.ts'

/** What statements are made from. */
export interface Making {
  readonly expected: Catalog
  readonly actual: Catalog
  /** Roles that the server has for sure. */
  readonly roles: ReadonlySet<string>
  /** Who runs the statements, as the expected catalog calls them: what they create need not be given to them. */
  readonly role: string | undefined
}

/** The most common owner of a catalog's objects is taken for the role that creates them. */
export function makingOf(expected: Catalog, actual: Catalog): Making {
  const owners = new Map<string, number>()
  for (const owner of ownersIn(expected)) owners.set(owner, (owners.get(owner) ?? 0) + 1)
  const [most] = [...owners].sort(([, left], [, right]) => right - left)
  return { expected, actual, roles: new Set(ownersIn(actual)), role: most?.[0] }
}

function ownersIn(catalog: Catalog): string[] {
  return [...objects(catalog)].flatMap(({ value }) => ('owner' in value && value.owner !== null ? [value.owner] : []))
}

/** Owner, comment and grants of what has just been created. */
export function furnish(making: Making, object: CatalogObject): RenderedStatement[] {
  const { value } = object
  const result: RenderedStatement[] = []
  const owner = 'owner' in value ? value.owner : null
  if (owner !== null && owner !== making.role) result.push(ownerOf(object, owner, making.roles))
  if ('comment' in value && value.comment !== null) result.push(commentOn(object, value.comment))
  if ('grants' in value && object.kind !== 'column' && object.kind !== 'default_privileges') {
    result.push(...grantsOn(object, { expected: value.grants, actual: initialGrants(making, object), owner }))
  }
  return result
}

const defaultsFor = {
  routine: 'functions',
  type: 'types',
  table: 'tables',
  view: 'tables',
  sequence: 'sequences',
  schema: 'schemas',
} as const

// What a new object has on it; where default privileges are set, who knows: whatever may be is taken away first.
function initialGrants({ actual }: Making, object: CatalogObject): readonly Grant[] {
  const own = initially(object)
  const objects = defaultsFor[object.kind as keyof typeof defaultsFor]
  const schema = object.kind === 'schema' ? null : object.path[0]
  const defaults = actual.defaultPrivileges.filter(
    (each) => each.objects === objects && (each.schema === null || each.schema === schema),
  )
  if (defaults.length === 0) return own
  const grantees = [...own, ...defaults.flatMap(({ grants }) => grants)].map(({ grantee }) => grantee)
  return [...new Set(grantees)].map((grantee) => ({ grantee, privileges: ['unknown'], grantOption: false }))
}

function initially({ kind, path }: CatalogObject): readonly Grant[] {
  const everybody = (privileges: readonly string[]) => [{ grantee: 'public', privileges, grantOption: false }]
  if (kind === 'routine') return everybody(['execute'])
  if (kind === 'type') return everybody(['usage'])
  // Before PostgreSQL 15 everybody could also create something in it.
  return kind === 'schema' && path[0] === 'public' ? everybody(['unknown']) : []
}
