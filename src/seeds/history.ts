import { id, literal, sql, type Database, type Queryable, type Sql } from '../database/database.ts'

/** What the history says of one file of a set, the last time it was applied. */
export interface AppliedSeed {
  readonly set: string
  readonly file: string
  readonly checksum: string
  readonly environment: string | null
  /** What else it read, with a fingerprint of each that can be kept. */
  readonly inputs: RecordedInputs
  /** The migration that the database was at. */
  readonly position: string | null
  readonly counts: SeedCounts
  /** Whether what its set expects was found to be so. */
  readonly verified: boolean
  readonly appliedAt: string
  readonly durationMs: number
  readonly actor: string
}

/** Checksums of the files, and a fingerprint of the variables: null where there is no key to make one with. */
export interface RecordedInputs {
  readonly files: Readonly<Record<string, string>>
  readonly variables: readonly string[]
  readonly fingerprint: string | null
}

/** How many rows a file has written. */
export interface SeedCounts {
  readonly inserted: number
  readonly updated: number
  readonly unchanged: number
  readonly removed: number
}

/** Where the history is kept. */
export interface SeedHistory {
  readonly table: Sql
  readonly schema: string
  readonly name: string
  readonly dialect: Database['dialect']
}

/** The history's table of a database: in the state schema, or with its prefix. */
export function seedHistory({ dialect }: Pick<Database, 'dialect'>, stateSchema: string): SeedHistory {
  const [schema, name] = dialect === 'postgres' ? [stateSchema, 'seeds'] : ['main', `${stateSchema}_seeds`]
  return { table: id(schema, name), schema, name, dialect }
}

/** Everything that was applied; nothing where no seed ever was. */
export async function readSeedHistory(db: Queryable, history: SeedHistory): Promise<AppliedSeed[]> {
  if (!(await exists(db, history))) return []
  const rows = await db.query<StoredRow>(sql`select * from ${history.table} order by applied_at, set_name, file`)
  return rows.map((row) => ({
    set: row.set_name,
    file: row.file,
    checksum: row.checksum,
    environment: row.environment,
    inputs: JSON.parse(row.inputs) as RecordedInputs,
    position: row.position,
    counts: JSON.parse(row.counts) as SeedCounts,
    verified: Number(row.verified) === 1,
    appliedAt: row.applied_at,
    durationMs: Number(row.duration_ms),
    actor: row.actor,
  }))
}

interface StoredRow {
  readonly set_name: string
  readonly file: string
  readonly checksum: string
  readonly environment: string | null
  readonly inputs: string
  readonly position: string | null
  readonly counts: string
  readonly verified: number | string
  readonly applied_at: string
  readonly duration_ms: number | string
  readonly actor: string
}

async function exists(db: Queryable, { dialect, schema, name }: SeedHistory): Promise<boolean> {
  const found =
    dialect === 'postgres'
      ? sql`select 1 from pg_catalog.pg_tables where schemaname = ${schema} and tablename = ${name}`
      : sql`select 1 from sqlite_schema where type = 'table' and name = ${name}`
  return (await db.query(found)).length > 0
}

/** Makes the table, where it is missing. The types are the same on every engine, and nothing in it is ever computed with. */
export async function ensureSeedHistory(db: Queryable, history: SeedHistory): Promise<void> {
  if (await exists(db, history)) return
  if (history.dialect === 'postgres') await ensureSchema(db, history.schema)
  await db.query(sql`
    create table ${history.table} (
      set_name text not null,
      file text not null,
      checksum text not null,
      environment text,
      inputs text not null,
      position text,
      counts text not null,
      verified integer not null,
      applied_at text not null,
      duration_ms bigint not null,
      actor text not null,
      primary key (set_name, file)
    )`)
}

// Asked first: a role that may not create schemas is refused "if not exists" as well.
async function ensureSchema(db: Queryable, schema: string): Promise<void> {
  const found = await db.query(sql`select 1 from pg_catalog.pg_namespace where nspname = ${schema}`)
  if (found.length === 0) await db.query(sql`create schema if not exists ${id(schema)}`)
}

/** The statements that record a file as applied, for the end of its transaction. */
export function recordStatements({ table }: SeedHistory, seed: AppliedSeed): Sql[] {
  return [
    sql`delete from ${table} where set_name = ${literal(seed.set)} and file = ${literal(seed.file)}`,
    sql`
      insert into ${table}
        (set_name, file, checksum, environment, inputs, position, counts, verified, applied_at, duration_ms, actor)
      values (${seed.set}, ${seed.file}, ${seed.checksum}, ${seed.environment}, ${JSON.stringify(seed.inputs)}, ${seed.position},
        ${JSON.stringify(seed.counts)}, ${seed.verified ? 1 : 0}, ${seed.appliedAt}, ${seed.durationMs}, ${seed.actor})`,
  ]
}

/** Notes that what a set expects is so. */
export async function markVerified(db: Queryable, { table }: SeedHistory, set: string): Promise<void> {
  await db.query(sql`update ${table} set verified = 1 where set_name = ${set} and verified = 0`)
}
