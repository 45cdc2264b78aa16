import type { Queryable } from '../../database/driver.ts'
import { DatabaseError } from '../../database/failure.ts'
import { type Sql, join, sql } from '../../database/sql.ts'
import { type Catalog, emptyCatalog } from '../database-catalog.ts'
import type { IntrospectOptions } from './options.ts'
import { assembleSqlite } from './sqlite-assemble.ts'
import type { SqliteRow } from './sqlite-rows.ts'

/** A SQLite database's catalog, in one query: that is also what makes it one of a single instant. */
export async function introspectSqlite(db: Queryable, options: IntrospectOptions): Promise<Catalog> {
  if (options.schemas && !options.schemas.includes('main')) return emptyCatalog('sqlite')
  const rows = await readRows(db)
  const prefixes = (options.excludeSchemas ?? []).map((schema) => `${schema}_`)
  return assembleSqlite(rows.filter(({ relation }) => !prefixes.some((prefix) => relation.startsWith(prefix))))
}

interface JsonRow {
  readonly kind: SqliteRow['kind']
  readonly relation: string
  readonly value: string
}

async function readRows(db: Queryable): Promise<SqliteRow[]> {
  const all = join([objects, columns(), foreignKeys, indexes, indexKeys], '\nunion all\n')
  try {
    return parse(await db.query<JsonRow>(all))
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    // A view of a table that is gone, or a virtual table whose module is missing, has columns that cannot be told, and
    // makes it fail for all. Those are given without columns then.
    const rest = parse(await db.query<JsonRow>(join([objects, foreignKeys, indexes, indexKeys], '\nunion all\n')))
    const rows = [...rest]
    for (const { relation } of rest.filter(({ kind }) => kind === 'relation')) {
      const own = db.query<JsonRow>(columns(sql`and m.name = ${relation}`))
      rows.push(...parse(await own.catch((failure: unknown) => ifRefused(failure))))
    }
    return rows
  }
}

function ifRefused(failure: unknown): JsonRow[] {
  if (failure instanceof DatabaseError) return []
  throw failure
}

function parse(rows: readonly JsonRow[]): SqliteRow[] {
  return rows.map(({ kind, relation, value }) => ({ kind, relation, value: JSON.parse(value) as unknown }) as SqliteRow)
}

// The tables inside of a virtual table are not objects of their own, and SQLite's own tables are not the user's.
const own = sql`m.name not like 'sqlite\\_%' escape '\\' and m.tbl_name not in (
  select shadow.name from pragma_table_list shadow where shadow.schema = 'main' and shadow.type = 'shadow')`

const objects = sql`
  select case when m.type in ('table', 'view') then 'relation' else m.type end as kind, m.tbl_name as relation,
    json_object('type', coalesce(l.type, m.type), 'name', m.name, 'sql', m.sql, 'strict', l.strict, 'withoutRowId', l.wr) as value
  from main.sqlite_master m
    left join pragma_table_list(m.name) l on l.schema = 'main' and m.type in ('table', 'view')
  where m.type in ('table', 'view', 'trigger') and ${own}`

const columns = (only: Sql = sql``) => sql`
  select 'column' as kind, m.name as relation, json_object('number', x.cid, 'name', x.name, 'type', x.type, 'notNull', x."notnull",
    'default', x.dflt_value, 'primaryKey', x.pk, 'hidden', x.hidden) as value
  from main.sqlite_master m join pragma_table_xinfo(m.name, 'main') x
  where m.type in ('table', 'view') and ${own} ${only}`

const foreignKeys = sql`
  select 'foreign_key', m.name, json_object('id', f.id, 'place', f.seq, 'table', f."table", 'from', f."from", 'to', f."to",
    'onUpdate', f.on_update, 'onDelete', f.on_delete, 'match', f."match")
  from main.sqlite_master m join pragma_foreign_key_list(m.name, 'main') f
  where m.type = 'table' and ${own}`

const indexes = sql`
  select 'index', m.name, json_object('name', i.name, 'unique', i."unique", 'origin', i.origin, 'sql', d.sql)
  from main.sqlite_master m join pragma_index_list(m.name, 'main') i
    left join main.sqlite_master d on d.type = 'index' and d.name = i.name
  where m.type = 'table' and ${own}`

const indexKeys = sql`
  select 'index_key', m.name, json_object('index', i.name, 'place', k.seqno, 'column', k.name, 'number', k.cid,
    'descending', k."desc", 'collation', k.coll)
  from main.sqlite_master m join pragma_index_list(m.name, 'main') i join pragma_index_xinfo(i.name, 'main') k
  where m.type = 'table' and k."key" = 1 and ${own}`
