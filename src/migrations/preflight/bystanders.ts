import { id, sql, type Database, type Session } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { affectedTables } from './affected-tables.ts'
import type { PreflightPlan } from './preflight-plan.ts'

interface FiringTrigger {
  readonly schema: string
  readonly table: string
  readonly trigger: string
}

interface Replica {
  readonly role: string
  readonly may: boolean
}

/** Triggers that fire while existing rows are brought up to date, as ones that set `updated_at` do. */
export async function triggerWarnings(
  session: Session,
  database: Database,
  plan: PreflightPlan,
): Promise<MetastoreError[]> {
  // Until version 15 only a superuser could set it.
  const granted =
    database.server.major >= 15
      ? sql`has_parameter_privilege('session_replication_role', 'set')`
      : sql`current_setting('is_superuser') = 'on'`
  const [replica] = await session.query<Replica>(sql`select current_user::text as role, ${granted} as may`)
  if (replica === undefined) return []
  // A trigger for certain columns fires only for a statement that sets them, and a backfill sets none of the author's.
  const firing = await session.query<FiringTrigger>(sql`
    ${affectedTables(plan.base, plan.written)}
    select namespace.nspname as schema, class.relname as table, tgname as trigger
    from affected
    join pg_catalog.pg_class class on class.oid = affected.oid
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    join pg_catalog.pg_trigger on tgrelid = class.oid
    where not tgisinternal and tgtype & 16 <> 0 and tgattr::text = ''
      and tgenabled = any (${replica.may ? '{A,R}' : '{A,O}'}::"char"[])
    order by 1, 2, 3`)
  return firing.map((trigger) => fires(trigger, replica, database.server.major))
}

interface LongTransaction {
  /** Null for a prepared transaction. */
  readonly pid: number | null
  /** Who it is, or the name of a prepared transaction. */
  readonly name: string
  readonly seconds: number
  readonly tables: readonly string[]
}

/** Transactions that have been open for longer than some milliseconds on tables that the batch changes. */
export async function transactionWarnings(
  session: Session,
  database: Database,
  plan: PreflightPlan,
  age: number,
): Promise<MetastoreError[]> {
  if (!database.features.manySessions) return []
  const open = await session.query<LongTransaction>(sql`
    ${affectedTables(plan.base, plan.changed)},
    transactions (pid, holder, name, began) as (
      select pid, null, concat_ws(', ', nullif(application_name, ''), usename), xact_start
      from pg_catalog.pg_stat_activity
      where pid <> pg_backend_pid()
      union all
      select null, own.virtualtransaction, gid, prepared
      from pg_catalog.pg_prepared_xacts
      join pg_catalog.pg_locks own on own.locktype = 'transactionid' and own.transactionid = transaction
      where own.pid is null
    )
    select transactions.pid, name, floor(extract(epoch from clock_timestamp() - began))::int as seconds,
      json_agg(distinct class.relname order by class.relname) as tables
    from pg_catalog.pg_locks lock
    join affected on affected.oid = lock.relation
    join pg_catalog.pg_class class on class.oid = affected.oid
    join transactions on transactions.pid = lock.pid or (lock.pid is null and holder = lock.virtualtransaction)
    where lock.locktype = 'relation' and lock.granted
      and lock.database = (select oid from pg_catalog.pg_database where datname = current_database())
      and began < clock_timestamp() - ${age} * interval '1 millisecond'
    group by transactions.pid, name, began
    order by began`)
  return open.map(isOpen)
}

function fires({ schema, table, trigger }: FiringTrigger, { role, may }: Replica, major: number): MetastoreError {
  const grant = `grant set on parameter session_replication_role to ${id(role).inline('postgres')};`
  const whoMay = major >= 15 ? `Run as a superuser: ${grant} or` : 'Migrate as a superuser, or'
  const why = may ? 'it is enabled for replication too' : `role ${role} may not set session_replication_role`
  return new MetastoreError({
    code: 'trigger_fires',
    message: `Trigger ${trigger} of table ${table} fires for every row that the backfill brings up to date, as ${why}.`,
    where: `table ${schema}.${table}`,
    remedy: `${may ? 'See' : `${whoMay} see`} that the trigger does no harm to rows that change in no other way.`,
  })
}

function isOpen({ pid, name, seconds, tables }: LongTransaction): MetastoreError {
  const used = `${tables.length === 1 ? 'table' : 'tables'} ${tables.join(', ')}`
  return new MetastoreError({
    code: 'transaction_open',
    message:
      pid === null
        ? `The prepared transaction ${name} has used ${used} for ${seconds} s, and changes of them wait for it.`
        : `Server process ${pid} (${name}) has used ${used} in a transaction for ${seconds} s, and changes of them wait for it.`,
    where: used,
    remedy:
      pid === null
        ? 'End it with commit prepared or rollback prepared.'
        : `End it in its application, or with select pg_terminate_backend(${pid});`,
  })
}
