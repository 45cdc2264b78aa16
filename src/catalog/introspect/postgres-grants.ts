import { type Sql, sql } from '../../database/sql.ts'
import type { Grant } from '../object.ts'
import { compareCodePoints, sortBy } from '../sort.ts'

/** One privilege of one role. */
interface AclEntry {
  readonly grantee: string
  readonly privilege: string
  readonly grantable: boolean
}

/** What `acldefault` tells kinds of objects apart by. */
export type AclKind = 'r' | 's' | 'f' | 'n' | 'T'

/** For each kind of object, the privileges that its owner has by default; there are more in newer versions. */
export type PrivilegeDefaults = Readonly<Record<AclKind, readonly string[]>>

/** An access control list as it is read: null where nothing was ever granted or revoked. */
export type Acl = readonly AclEntry[] | null

/** An access control list as JSON. */
export function aclEntries(acl: Sql): Sql {
  return sql`case when ${acl} is not null then (
    select coalesce(json_agg(json_build_object(
      'grantee', case x.grantee when 0 then 'public' else pg_get_userbyid(x.grantee) end,
      'privilege', lower(x.privilege_type),
      'grantable', x.is_grantable)), '[]')
    from aclexplode(${acl}) x) end`
}

/** The grants on an object. An access control list that is null stands for the defaults of its kind. */
export function readGrants(acl: Acl, kind: AclKind, owner: string, defaults: PrivilegeDefaults): readonly Grant[] {
  const whole = defaults[kind]
  if (acl === null) {
    if (kind !== 'f' && kind !== 'T') return []
    return [{ grantee: 'public', privileges: [...whole].sort(compareCodePoints), grantOption: false }]
  }
  const left = new Set(acl.filter(({ grantee }) => grantee === owner).map(({ privilege }) => privilege))
  if (whole.every((privilege) => left.has(privilege))) {
    return groupGrants(acl.filter(({ grantee }) => grantee !== owner))
  }
  const grants = groupGrants(acl)
  return left.size > 0 ? grants : byGrantee([...grants, { grantee: owner, privileges: [], grantOption: false }])
}

/** Privileges by who holds them. */
export function groupGrants(entries: Acl): readonly Grant[] {
  const groups = new Map<string, { grantee: string; grantOption: boolean; privileges: Set<string> }>()
  for (const { grantee, privilege, grantable } of entries ?? []) {
    const key = `${grantable} ${grantee}`
    const group = groups.get(key) ?? { grantee, grantOption: grantable, privileges: new Set() }
    groups.set(key, group)
    // Two roles may have granted the same.
    group.privileges.add(privilege)
  }
  return byGrantee(
    [...groups.values()].map(({ grantee, grantOption, privileges }) => ({
      grantee,
      privileges: [...privileges].sort(compareCodePoints),
      grantOption,
    })),
  )
}

function byGrantee(grants: readonly Grant[]): readonly Grant[] {
  return sortBy(
    grants,
    ({ grantee }) => grantee,
    ({ grantOption }) => String(grantOption),
  )
}
