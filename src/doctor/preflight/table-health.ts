import { sql } from '../../database/database.ts'
import type { Finding } from '../../finding.ts'
import { rounded } from '../../migrations/foresee.ts'
import { isOneOf, lockedTables, type PreflightCheck } from './preflight-check.ts'

interface TableHealth {
  readonly name: string
  readonly live: number
  readonly dead: number
  readonly age: number
  readonly limit: number
  readonly vacuumed: boolean
  readonly invalid: string | null
}

const half = 2 ** 31

/** Dead rows, the age of rows, a vacuum that runs, and invalid indexes of the tables of the plan. */
export const tableHealthCheck: PreflightCheck = {
  looksAt: 'The tables of the plan',
  async run(subject) {
    const tables = await subject.session.query<TableHealth>(sql`
      select namespace.nspname || '.' || class.relname as name,
        coalesce(stat.n_live_tup, 0)::float8 as live, coalesce(stat.n_dead_tup, 0)::float8 as dead,
        case when class.relkind in ('r', 'm') then age(class.relfrozenxid) else 0 end::float8 as age,
        current_setting('autovacuum_freeze_max_age')::float8 as "limit",
        exists (select from pg_catalog.pg_stat_progress_vacuum running where running.relid = class.oid) as vacuumed,
        (select string_agg(indexed.indexrelid::regclass::text, ', ') from pg_catalog.pg_index indexed
          where indexed.indrelid = class.oid and not indexed.indisvalid) as invalid
      from pg_catalog.pg_class class
      join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
      left join pg_catalog.pg_stat_user_tables stat on stat.relid = class.oid
      where class.relkind in ('r', 'm', 'p') and ${isOneOf(lockedTables(subject))}
      order by 1`)
    return tables.flatMap((table) => [...bloat(table), ...age(table), ...vacuum(table), ...invalidIndex(table)])
  },
}

function bloat({ name, live, dead }: TableHealth): Finding[] {
  if (dead < 10_000 || dead < (live + dead) / 5) return []
  return [
    {
      code: 'table_bloat',
      severity: 'P2',
      object: name,
      message: `${name} has ${rounded(dead)} dead rows beside ${rounded(live)} live ones, which every scan and rewrite reads as well.`,
      remedy: `vacuum (analyze) ${name};`,
    },
  ]
}

function age({ name, age: years, limit }: TableHealth): Finding[] {
  if (years < limit) return []
  const near = years > half * 0.75
  return [
    {
      code: 'wraparound_near',
      severity: near ? 'P0' : 'P1',
      object: name,
      message: `${name} has rows that are ${rounded(years)} transactions old: a vacuum against wraparound is due, which does not give way to a lock of the plan${near ? ', and the server will soon refuse to write' : ''}.`,
      remedy: `vacuum (freeze) ${name}; before you migrate.`,
    },
  ]
}

function vacuum({ name, vacuumed }: TableHealth): Finding[] {
  if (!vacuumed) return []
  const message = `${name} is being vacuumed; a lock of the plan ends an ordinary autovacuum, and waits for any other.`
  return [{ code: 'vacuum_running', severity: 'P2', object: name, message, remedy: 'Wait until it is done.' }]
}

function invalidIndex({ name, invalid }: TableHealth): Finding[] {
  if (invalid === null) return []
  const message = `${name} has an invalid index, which slows writes and answers no query: ${invalid}.`
  const remedy = `Rebuild it with reindex index concurrently ${invalid.split(', ')[0]}; or drop it.`
  return [{ code: 'invalid_index', severity: 'P1', object: name, message, remedy }]
}
