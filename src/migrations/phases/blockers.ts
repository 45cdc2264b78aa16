import { join, sql, type Queryable, type Sql } from '../../database/database.ts'
import type { LockMode, TableLock } from '../batch/phase-step.ts'

/** A session, or a prepared transaction, that stands in the way of a lock. */
export interface Blocker {
  /** Null for a prepared transaction, which `gid` names. */
  readonly pid: number | null
  readonly gid: string | null
  readonly application: string
  readonly role: string | null
  readonly state: string | null
  readonly query: string | null
  /** How long its transaction has been open. */
  readonly seconds: number
  readonly table: string
}

// PostgreSQL manual, 13.3.1: the modes that conflict with ours, as pg_locks spells them.
const weaker = [
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
]
const conflicting: Readonly<Record<LockMode, readonly string[]>> = {
  'share update exclusive': weaker,
  'share row exclusive': ['RowExclusiveLock', ...weaker],
  'access exclusive': ['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', ...weaker],
}

/**
 * Who holds locks that conflict with these, or with dropping what a schema holds. Nobody where the server does not say.
 */
export async function findBlockers(
  db: Queryable,
  locks: readonly TableLock[],
  schema?: string,
): Promise<readonly Blocker[]> {
  const relations = locks.flatMap(({ view, ...lock }) => (view === undefined ? [lock] : [lock, { ...lock, ...view }]))
  const rows = relations.map(
    ({ schema: of, name, mode }) => sql`(${of}::text, ${name}::text, array[${join(conflicting[mode].map(value))}])`,
  )
  if (schema !== undefined) {
    rows.push(sql`(${schema}::text, null, array[${join(conflicting['access exclusive'].map(value))}])`)
  }
  if (rows.length === 0) return []
  return db.query<Blocker>(sql`
    with recursive wanted (schema, name, modes) as (values ${join(rows)}),
    tables (oid, modes, shown) as (
      select c.oid, w.modes, c.relname::text
      from wanted w
      join pg_catalog.pg_namespace n on n.nspname = w.schema
      join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = coalesce(w.name, c.relname)
      union
      select i.inhrelid, t.modes, t.shown from tables t join pg_catalog.pg_inherits i on i.inhparent = t.oid
    )
    select distinct on (l.virtualtransaction)
      l.pid, p.gid, coalesce(a.application_name, '') as application, a.usename::text as role, a.state, a.query,
      coalesce(extract(epoch from clock_timestamp() - coalesce(a.xact_start, p.prepared)), 0)::float8 as seconds,
      t.shown as table
    from tables t
    join pg_catalog.pg_locks l on l.locktype = 'relation' and l.relation = t.oid and l.mode = any (t.modes) and l.granted
    left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    left join pg_catalog.pg_prepared_xacts p on l.virtualtransaction = '-1/' || p.transaction
    where l.database = (select oid from pg_catalog.pg_database where datname = current_database())
      and l.pid is distinct from pg_backend_pid()
    order by l.virtualtransaction, t.shown`)
}

function value(text: string): Sql {
  return sql`${text}::text`
}

/** Somebody who stands in the way, as people say it, without any value of a query. */
export function describeBlocker({ pid, gid, application, role, state, query, seconds, table }: Blocker): string {
  const age = `open for ${Math.round(seconds)} s`
  if (pid === null) return `The prepared transaction ${gid ?? '(unknown)'}, ${age}, uses ${table}.`
  const who = [application, role ?? ''].filter((part) => part !== '').join(', ')
  const named = who === '' ? '' : ` (${who})`
  const uses = `Server process ${pid}${named}, whose transaction is ${age}, uses ${table}`
  if (query === null || query.trim() === '') return `${uses}.`
  return `${uses}; it ${state === 'active' ? 'is running' : 'last ran'}: ${firstWords(query)}`
}

/** The beginning of a query, without comments and numbers, up to the first literal: what it holds may be anybody's data. */
export function firstWords(query: string): string {
  const [plain = '', ...rest] = query
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g, ' ')
    .split(/[EeBbXxNn]?'|\$(?:[A-Za-z_]\w*)?\$/)
  const words = plain
    .replaceAll(/(?<![\w"$])\d[\w.]*/g, '…')
    .replaceAll(/\s+/g, ' ')
    .trim()
  if (words.length > 80) return `${words.slice(0, 79)}…`
  return rest.length > 0 ? `${words} …` : words
}
