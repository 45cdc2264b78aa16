import { id, join, literal, raw, type Sql, sql } from '../../database/sql.ts'
import type { Grant } from '../object.ts'
import type { CatalogObject } from '../objects.ts'
import { compareCodePoints } from '../sort.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { roleName, routineName, target } from './targets.ts'

/** The comment of an object as it should be. */
export function commentOn(object: CatalogObject, comment: string | null, on: Sql = target(object)): RenderedStatement {
  return statement(object, 'comment on', sql`comment on ${on} is ${literal(comment)}`)
}

/** Gives an object to its owner, if that is a role of this server; `known` are roles that surely are. */
export function ownerOf(object: CatalogObject, owner: string, known: ReadonlySet<string>): RenderedStatement {
  const change = sql`alter ${ownerTarget(object)} owner to ${id(owner)}`
  if (known.has(owner)) return statement(object, 'set owner of', change)
  const body = `begin
  if exists (select from pg_catalog.pg_roles where rolname = ${literal(owner).inline('postgres')}) then
    ${change.inline('postgres')};
  end if;
end`
  return statement(object, 'set owner of', sql`do ${literal(body)}`)
}

// An identity column's sequence goes with its table.
function ownerTarget(object: CatalogObject): Sql {
  return object.kind === 'table' && object.value.kind !== 'foreign' ? sql`table ${id(...object.path)}` : target(object)
}

/** What makes the grants on an object what they should be. */
export function grantsOn(
  object: CatalogObject,
  grants: { readonly expected: readonly Grant[]; readonly actual: readonly Grant[]; readonly owner: string | null },
): RenderedStatement[] {
  const changes = grantChanges(grants, (privileges) => sql`${privileges} on ${grantTarget(object)}`)
  return changes.map(({ grant, sql }) => statement(object, grant ? 'grant on' : 'revoke on', sql, { repair: grant }))
}

/** GRANT and REVOKE as they are needed; `on` is what follows the privileges. */
export function grantChanges(
  { expected, actual, owner }: Parameters<typeof grantsOn>[1],
  on: (privileges: Sql) => Sql,
): { readonly grant: boolean; readonly sql: Sql }[] {
  const all = raw('all')
  const grantees = [...new Set([...expected, ...actual].map(({ grantee }) => grantee))].sort(compareCodePoints)
  return grantees.flatMap((grantee) => {
    const [wanted, found] = [held(expected, grantee), held(actual, grantee)]
    if (isSame(wanted, found)) return []
    const who = roleName(grantee)
    const revoke = { grant: false, sql: sql`revoke ${on(all)} from ${who}` }
    const give = ({ privileges, grantOption }: Grant) => ({
      grant: true,
      sql: sql`grant ${on(privilegeList(privileges))} to ${who}${raw(grantOption ? ' with grant option' : '')}`,
    })
    // The owner has all of them unless it is listed.
    if (wanted.length === 0 && grantee === owner) return [{ grant: true, sql: sql`grant ${on(all)} to ${who}` }]
    const before = found.length > 0 || grantee === owner ? [revoke] : []
    return [...before, ...wanted.filter(({ privileges }) => privileges.length > 0).map(give)]
  })
}

function held(grants: readonly Grant[], grantee: string): readonly Grant[] {
  return grants.filter((grant) => grant.grantee === grantee)
}

function isSame(left: readonly Grant[], right: readonly Grant[]): boolean {
  const text = (grants: readonly Grant[]) =>
    grants
      .map(({ privileges, grantOption }) => `${grantOption} ${privileges.toSorted(compareCodePoints).join()}`)
      .sort(compareCodePoints)
      .join('; ')
  return text(left) === text(right)
}

function privilegeList(privileges: readonly string[]): Sql {
  return raw(privileges.join(', '))
}

function grantTarget(object: CatalogObject): Sql {
  switch (object.kind) {
    case 'table':
    case 'view':
      return sql`table ${id(...object.path)}`
    case 'type':
      return sql`type ${id(...object.path)}`
    case 'routine':
      return sql`${raw(object.value.kind === 'procedure' ? 'procedure' : 'function')} ${
        object.value.kind === 'aggregate' ? aggregateName(object) : routineName(object.value)
      }`
    default:
      return target(object)
  }
}

// GRANT knows an aggregate as a function of its input types.
function aggregateName({ path, value }: CatalogObject & { kind: 'routine' }): Sql {
  const [schema = '', name = ''] = path
  return sql`${id(schema, name)}(${raw(value.argumentTypes.join(', '))})`
}

/** The grants on a column of a table or a view. */
export function columnGrants(
  object: CatalogObject,
  column: string,
  grants: Omit<Parameters<typeof grantsOn>[1], 'owner'>,
): RenderedStatement[] {
  const [schema = '', relation = ''] = object.path
  // A list of columns follows each privilege.
  const on = (privileges: Sql) => {
    const names = privileges.inline('postgres').split(', ')
    return sql`${join(names.map((name) => sql`${raw(name)} (${id(column)})`))} on table ${id(schema, relation)}`
  }
  const changes = grantChanges({ ...grants, owner: null }, on)
  return changes.map(({ grant, sql }) => statement(object, grant ? 'grant on' : 'revoke on', sql, { repair: grant }))
}
