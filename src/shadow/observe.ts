import { displayName } from '../catalog/catalog.ts'
import { DatabaseError, id, sql, type Queryable, type Session } from '../database/database.ts'

/** What a statement did to tables that were there before its file. */
export interface Observation {
  /** The strongest lock on each table, as `ACCESS EXCLUSIVE`. */
  readonly locks: readonly { readonly table: string; readonly mode: string }[]
  /** Tables that were written anew. */
  readonly rewrites: readonly string[]
  /** Tables whose rows were read; null where none could be put in to be read. */
  readonly scans: readonly string[] | null
}

/** A table, and the file that the server keeps it in. */
export interface StoredTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly filenode: number
}

/** The tables that there are, without the server's own and those of the schemas that are left out. */
export async function storedTables(db: Queryable, without: readonly string[]): Promise<readonly StoredTable[]> {
  const tables = await db.query<StoredTable>(sql`
    select c.oid::int8 as oid, n.nspname as schema, c.relname as name, pg_catalog.pg_relation_filenode(c.oid)::int8 as filenode
    from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    order by 2, 3`)
  return tables.filter(({ schema }) => !without.includes(schema))
}

/** Runs a statement twice and takes it back each time: for its locks, and then on tables with a few rows. Throws what it fails for. */
export async function observe(
  session: Session,
  scripts: readonly string[],
  before: readonly StoredTable[],
): Promise<Observation> {
  const known = new Map(before.map((table) => [table.oid, table]))
  const seen = await undone(session, async (tx) => {
    for (const script of scripts) await tx.script(script)
    const locks = await tx.query<{ oid: number; mode: string }>(sql`
      select relation::int8 as oid, mode from pg_catalog.pg_locks
      where pid = pg_catalog.pg_backend_pid() and locktype = 'relation' and granted`)
    const now = await storedTables(tx, [])
    return { locks, now }
  })
  const strongest = new Map<number, string>()
  for (const { oid, mode } of seen.locks) {
    const name = mode
      .replace(/Lock$/, '')
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toUpperCase()
    const other = strongest.get(oid)
    if (other === undefined || modes.indexOf(name) > modes.indexOf(other)) strongest.set(oid, name)
  }
  const locked = [...strongest].flatMap(([oid, mode]) => {
    const table = known.get(oid)
    return table === undefined ? [] : [{ table, mode }]
  })
  const files = new Map(seen.now.map(({ oid, filenode }) => [oid, filenode]))
  const rewritten = locked.filter(({ table }) => {
    const file = files.get(table.oid)
    return file !== undefined && file !== table.filenode
  })
  const scans = await scannedOf(
    session,
    scripts,
    locked.map(({ table }) => table),
  )
  const byName = (one: string, other: string) => (one < other ? -1 : 1)
  return {
    locks: locked
      .map(({ table, mode }) => ({ table: shown(table), mode }))
      .toSorted((one, other) => byName(one.table, other.table)),
    rewrites: rewritten.map(({ table }) => shown(table)).toSorted(byName),
    scans: scans?.map(shown).toSorted(byName) ?? null,
  }
}

// From weak to strong, as the manual lists them (section 13.3.1).
const modes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
]

/** Whether a lock keeps writers out. */
export function blocksWrites(mode: string): boolean {
  return modes.indexOf(mode) >= modes.indexOf('SHARE')
}

function shown({ schema, name }: StoredTable): string {
  return `${displayName(schema)}.${displayName(name)}`
}

class Undone extends Error {}

async function undone<T>(session: Session, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const results: T[] = []
  try {
    await session.transaction(async (tx) => {
      results.push(await work(tx))
      throw new Undone()
    })
  } catch (error) {
    if (!(error instanceof Undone)) throw error
  }
  return results[0] as T
}

// Tables that have rows, of which the statement has read some.
async function scannedOf(
  session: Session,
  scripts: readonly string[],
  tables: readonly StoredTable[],
): Promise<readonly StoredTable[] | null> {
  try {
    return await undone(session, async (tx) => {
      for (const table of tables) await fill(tx, table)
      const read = async () =>
        new Map(
          (
            await tx.query<{ oid: number; rows: number }>(sql`
              select relid::int8 as oid, seq_tup_read as rows from pg_catalog.pg_stat_xact_user_tables`)
          ).map(({ oid, rows }) => [oid, rows]),
        )
      const before = await read()
      for (const script of scripts) await tx.script(script)
      const after = await read()
      return tables.filter(({ oid }) => (after.get(oid) ?? 0) > (before.get(oid) ?? 0))
    })
  } catch (error) {
    // The rows that were made up do not fit: it has run without them before.
    if (error instanceof DatabaseError) return null
    throw error
  }
}

interface OwnColumn {
  readonly name: string
  readonly type: string
  readonly category: string
  readonly required: boolean
}

// Three rows, where that is possible without knowing what they mean: with a value in every column, else where there has to be one.
async function fill(tx: Queryable, { oid, schema, name }: StoredTable): Promise<void> {
  const columns = await tx.query<OwnColumn>(sql`
    select a.attname as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type, t.typcategory as category,
      a.attnotnull as required
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = ${oid}::oid and a.attnum > 0 and not a.attisdropped
      and not a.atthasdef and a.attidentity = '' and a.attgenerated = ''
    order by a.attnum`)
  const quoted = (...names: readonly string[]) => id(...names).inline('postgres')
  for (const some of [columns, columns.filter(({ required }) => required)]) {
    const names = some.map((column) => quoted(column.name)).join(', ')
    const rows = `select ${some.map(valueOf).join(', ')} from generate_series(1, 3) as g`
    const values = some.length === 0 ? 'default values' : `(${names}) ${rows}`
    if (await succeeds(tx, `insert into ${quoted(schema, name)} ${values}`)) return
  }
}

async function succeeds(tx: Queryable, statement: string): Promise<boolean> {
  await tx.query(sql`savepoint metastore_rows`)
  try {
    // Neither triggers nor foreign keys are asked.
    await tx.query(sql`set local session_replication_role = replica`)
    await tx.script(statement)
    await tx.query(sql`set local session_replication_role = origin`)
    await tx.query(sql`release savepoint metastore_rows`)
    return true
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    await tx.query(sql`rollback to savepoint metastore_rows`)
    return false
  }
}

// By the category of the type (PostgreSQL manual, table 52.65); the server printed its name.
function valueOf({ type, category }: OwnColumn): string {
  if (category === 'N' || category === 'S') return `g::${type}`
  if (category === 'B') return 'true'
  if (category === 'D') return `now()::${type}`
  if (category === 'E') return `(enum_range(null::${type}))[1]`
  return type === 'uuid' ? 'gen_random_uuid()' : `'{}'::${type}`
}
