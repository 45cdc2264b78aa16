import { foreignKeys, type Catalog } from '../catalog/catalog.ts'
import { id, join, sql, type Sql, type Transaction } from '../database/database.ts'
import { readSeedHistory, seedHistory } from '../seeds/seeds.ts'
import type { Rehearsal } from './rehearse.ts'
import { tableKey } from './row-counts.ts'

type Table = Catalog['tables'][number]

/** The tables that are emptied, those that refer to others before them. */
export interface Truncation {
  readonly tables: readonly Table[]
  /** Those among them that hold rows of migrations, which no seed brings back. */
  readonly migrated: readonly string[]
}

/** What emptying the tables that seeds write to comes to: these, and all that refer to them. */
export function truncationOf({ tables }: Catalog, { migrated, seeded }: Rehearsal): Truncation {
  const wanted = new Set([...seeded].filter(([table, rows]) => rows !== migrated.get(table)).map(([table]) => table))
  for (let size = -1; size !== wanted.size;) {
    size = wanted.size
    for (const table of tables) if (targets(table).some((target) => wanted.has(target))) wanted.add(tableKey(table))
  }
  const ordered = inOrder(tables.filter((table) => wanted.has(tableKey(table)) && table.partitionOf === null))
  return { tables: ordered, migrated: ordered.map(tableKey).filter((table) => (migrated.get(table) ?? 0) > 0) }
}

function targets(table: Table): string[] {
  return foreignKeys(table).map(({ references }) => tableKey(references))
}

/** Each table before those that it refers to, as far as they do not refer to each other. */
export function inOrder(tables: readonly Table[]): Table[] {
  const ordered = new Set<Table>()
  const visit = (table: Table, path: readonly Table[]) => {
    if (ordered.has(table) || path.includes(table)) return
    const referring = tables.filter((other) => other !== table && targets(other).includes(tableKey(table)))
    for (const other of referring) visit(other, [...path, table])
    ordered.add(table)
  }
  for (const table of tables) visit(table, [])
  return [...ordered]
}

/** Empties the tables, has their sequences begin again, and forgets that seeds were applied: all of it or nothing. */
export async function deleteRows(
  tx: Transaction,
  { dialect, stateSchema }: { readonly dialect: Catalog['dialect']; readonly stateSchema: string },
  { tables }: Truncation,
): Promise<void> {
  for (const statement of deletions(dialect, tables)) await tx.query(statement)
  if (dialect === 'sqlite') await restartSequences(tx, tables)
  const history = seedHistory({ dialect }, stateSchema)
  if ((await readSeedHistory(tx, history)).length > 0) await tx.query(sql`delete from ${history.table}`)
}

function deletions(dialect: Catalog['dialect'], tables: readonly Table[]): Sql[] {
  if (tables.length === 0) return []
  if (dialect === 'postgres') {
    return [sql`truncate ${join(tables.map(({ schema, name }) => id(schema, name)))} restart identity`]
  }
  return [sql`pragma defer_foreign_keys = on`, ...tables.map(({ name }) => sql`delete from ${id(name)}`)]
}

async function restartSequences(tx: Transaction, tables: readonly Table[]): Promise<void> {
  const [found] = await tx.query(sql`select 1 from sqlite_schema where name = 'sqlite_sequence'`)
  if (found === undefined) return
  for (const { name } of tables) await tx.query(sql`delete from sqlite_sequence where name = ${name}`)
}
