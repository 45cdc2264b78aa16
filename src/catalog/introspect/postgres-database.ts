import { sql } from '../../database/sql.ts'
import type { Catalog } from '../database-catalog.ts'
import type {
  Collation,
  DefaultPrivileges,
  EventTrigger,
  Extension,
  Publication,
  PublishedTable,
  Statistics,
} from '../schema-object.ts'
import { compareCodePoints, sortBy, sortByName, sortByPath } from '../sort.ts'
import { type Acl, aclEntries, groupGrants, readGrants } from './postgres-grants.ts'
import { columnNames, functionName, inScope, independent, relationName, type Scope } from './postgres-scope.ts'

/** What belongs to the whole database, and the small kinds of objects in schemas. */
export type DatabaseRow =
  | { readonly kind: 'extension'; readonly value: Extension }
  | { readonly kind: 'collation'; readonly value: CollationValue }
  | { readonly kind: 'statistics'; readonly value: StatisticsValue }
  | { readonly kind: 'event_trigger'; readonly value: EventTriggerValue }
  | { readonly kind: 'publication'; readonly value: PublicationValue }
  | { readonly kind: 'default_privileges'; readonly value: DefaultPrivilegesValue }

type CollationValue = Omit<Collation, 'provider'> & { readonly provider: keyof typeof providers }
type StatisticsValue = Omit<Statistics, 'kinds' | 'columns'> & {
  readonly kinds: readonly (keyof typeof statisticsKinds)[]
  readonly columns: readonly string[] | null
}
type EventTriggerValue = Omit<EventTrigger, 'enabled' | 'tags'> & {
  readonly enabled: keyof typeof enabled
  readonly tags: readonly string[] | null
}
type PublicationValue = Omit<Publication, 'events' | 'tables' | 'schemas'> & {
  readonly events: Readonly<Record<Publication['events'][number], boolean>>
  readonly tables: readonly PublishedTable[] | null
  readonly schemas: readonly string[] | null
}
type DefaultPrivilegesValue = Omit<DefaultPrivileges, 'objects' | 'grants'> & {
  readonly objects: keyof typeof objectKinds
  readonly acl: Acl
}

const providers = { d: 'default', c: 'libc', i: 'icu', b: 'builtin' } as const
const statisticsKinds = { d: 'ndistinct', f: 'dependencies', m: 'mcv', e: 'expressions' } as const
const enabled = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' } as const
const events = ['insert', 'update', 'delete', 'truncate'] as const
const objectKinds = {
  r: 'tables',
  S: 'sequences',
  f: 'functions',
  T: 'types',
  n: 'schemas',
  L: 'large_objects',
} as const

/** Extensions, collations, statistics, event triggers, publications and default privileges. */
export function readDatabase(scope: Scope): Promise<DatabaseRow[]> {
  return scope.db.query<DatabaseRow>(sql`
    select 'extension' as kind, json_build_object(
      'name', e.extname, 'version', e.extversion, 'schema', n.nspname,
      'comment', obj_description(e.oid, 'pg_extension')) as value
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    union all
    select 'collation', json_build_object(
      'schema', n.nspname, 'name', l.collname, 'owner', pg_get_userbyid(l.collowner),
      'comment', obj_description(l.oid, 'pg_collation'), 'provider', l.collprovider,
      'deterministic', l.collisdeterministic, 'locale', ${locale(scope)})
    from pg_collation l join pg_namespace n on n.oid = l.collnamespace
    where ${inScope(scope, sql`l.collnamespace`)} and ${independent('pg_collation', sql`l.oid`)}
    union all
    select 'statistics', json_build_object(
      'schema', n.nspname, 'name', s.stxname, 'owner', pg_get_userbyid(s.stxowner),
      'comment', obj_description(s.oid, 'pg_statistic_ext'), 'table', ${relationName(sql`s.stxrelid`)},
      'kinds', s.stxkind, 'columns', ${columnNames(sql`s.stxrelid`, sql`s.stxkeys`)},
      'target', nullif(s.stxstattarget, -1), 'definition', pg_get_statisticsobjdef(s.oid))
    from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
    where ${inScope(scope, sql`s.stxnamespace`)} and ${independent('pg_statistic_ext', sql`s.oid`)}
    union all
    select 'event_trigger', json_build_object(
      'name', t.evtname, 'owner', pg_get_userbyid(t.evtowner), 'comment', obj_description(t.oid, 'pg_event_trigger'),
      'event', t.evtevent, 'tags', t.evttags, 'function', ${functionName(sql`t.evtfoid`)}, 'enabled', t.evtenabled)
    from pg_event_trigger t
    where ${independent('pg_event_trigger', sql`t.oid`)}
    union all
    select 'publication', json_build_object(
      'name', p.pubname, 'owner', pg_get_userbyid(p.pubowner), 'comment', obj_description(p.oid, 'pg_publication'),
      'allTables', p.puballtables, 'viaRoot', p.pubviaroot, 'events', json_build_object(
        'insert', p.pubinsert, 'update', p.pubupdate, 'delete', p.pubdelete, 'truncate', p.pubtruncate),
      'tables', ${publishedTables(scope)}, 'schemas', ${publishedSchemas(scope)})
    from pg_publication p
    union all
    select 'default_privileges', json_build_object(
      'role', pg_get_userbyid(a.defaclrole), 'schema', n.nspname, 'objects', a.defaclobjtype,
      'acl', ${aclEntries(sql`a.defaclacl`)})
    from pg_default_acl a left join pg_namespace n on n.oid = a.defaclnamespace
    where a.defaclnamespace = 0 or ${inScope(scope, sql`a.defaclnamespace`)}`)
}

function locale({ version }: Scope) {
  if (version >= 170_000) return sql`coalesce(l.colllocale, l.collcollate::text)`
  return version >= 150_000 ? sql`coalesce(l.colliculocale::text, l.collcollate::text)` : sql`l.collcollate`
}

function publishedTables({ version }: Scope) {
  const columns = version >= 150_000 ? columnNames(sql`t.prrelid`, sql`t.prattrs`) : sql`null`
  const where = version >= 150_000 ? sql`pg_get_expr(t.prqual, t.prrelid)` : sql`null`
  return sql`(select json_agg(json_build_object(
      'table', ${relationName(sql`t.prrelid`)}, 'columns', ${columns}, 'where', ${where}))
    from pg_publication_rel t where t.prpubid = p.oid)`
}

function publishedSchemas({ version }: Scope) {
  if (version < 150_000) return sql`null`
  return sql`(select json_agg(n.nspname) from pg_publication_namespace s join pg_namespace n on n.oid = s.pnnspid
    where s.pnpubid = p.oid)`
}

/** These kinds of objects as the catalog has them. */
export function toDatabaseObjects(
  scope: Scope,
  rows: readonly DatabaseRow[],
): Pick<Catalog, 'extensions' | 'collations' | 'statistics' | 'eventTriggers' | 'publications' | 'defaultPrivileges'> {
  const values = <Kind extends DatabaseRow['kind']>(kind: Kind) =>
    rows.flatMap((row) => (row.kind === kind ? [row.value as Extract<DatabaseRow, { kind: Kind }>['value']] : []))
  return {
    extensions: sortByName(values('extension')),
    collations: sortByPath(values('collation').map((value) => ({ ...value, provider: providers[value.provider] }))),
    statistics: sortByPath(values('statistics').map(toStatistics)),
    eventTriggers: sortByName(values('event_trigger').map(toEventTrigger)),
    publications: sortByName(values('publication').map(toPublication)),
    defaultPrivileges: sortBy(
      values('default_privileges').map((value) => toDefaultPrivileges(scope, value)),
      ({ role }) => role,
      ({ schema }) => schema ?? '',
      ({ objects }) => objects,
    ),
  }
}

function toStatistics(value: StatisticsValue): Statistics {
  return { ...value, kinds: value.kinds.map((kind) => statisticsKinds[kind]), columns: value.columns ?? [] }
}

function toEventTrigger(value: EventTriggerValue): EventTrigger {
  return { ...value, tags: (value.tags ?? []).toSorted(compareCodePoints), enabled: enabled[value.enabled] }
}

function toPublication(value: PublicationValue): Publication {
  return {
    ...value,
    events: events.filter((event) => value.events[event]),
    tables: sortBy(
      value.tables ?? [],
      ({ table }) => table.schema,
      ({ table }) => table.name,
    ),
    schemas: (value.schemas ?? []).toSorted(compareCodePoints),
  }
}

function toDefaultPrivileges(scope: Scope, { acl, ...value }: DefaultPrivilegesValue): DefaultPrivileges {
  const objects = objectKinds[value.objects]
  if (value.schema === null && value.objects !== 'L') {
    const kind = value.objects === 'S' ? 's' : value.objects
    return { ...value, objects, grants: readGrants(acl, kind, value.role, scope.privileges) }
  }
  // Those of one schema are added to what holds for all of them.
  return { ...value, objects, grants: groupGrants((acl ?? []).filter(({ grantee }) => grantee !== value.role)) }
}
