import { diffCatalogs, emptyCatalog, introspect, renderDifferences, type Catalog } from '../catalog/catalog.ts'
import { id, sql, type Queryable, type Sql, type Transaction } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { inOrder } from './delete-rows.ts'

/** A statement that takes something away, and what that is. */
export interface DroppedObject {
  readonly label: string
  readonly sql: Sql
}

/** Reads what is there, and what takes it away, in an order in which nothing is needed any more when it goes. */
export async function objectsToDrop(db: Queryable, dialect: Catalog['dialect']): Promise<DroppedObject[]> {
  const catalog = await introspect(db, dialect)
  return dialect === 'sqlite' ? dropsOfSqlite(catalog) : dropsOfPostgres(catalog)
}

/** Takes everything away, in the transaction under way. */
export async function dropEverything(tx: Transaction, dialect: Catalog['dialect']): Promise<readonly DroppedObject[]> {
  const objects = await objectsToDrop(tx, dialect)
  if (dialect === 'sqlite') await tx.query(sql`pragma defer_foreign_keys = on`)
  for (const { sql: statement } of objects) await tx.query(statement)
  return objects
}

// Extensions stay with what belongs to them, and so do the schemas that they live in, and the public one.
function dropsOfPostgres(catalog: Catalog): DroppedObject[] {
  const kept = new Set(['public', ...catalog.extensions.map(({ schema }) => schema)])
  const live: Catalog = { ...catalog, extensions: [], schemas: catalog.schemas.filter(({ name }) => !kept.has(name)) }
  const nothing = emptyCatalog('postgres')
  const { statements, unrendered } = renderDifferences(diffCatalogs(nothing, live), nothing, live)
  const [first] = unrendered
  if (first !== undefined) throw notDroppable(first.difference.object.key, first.reason)
  return statements.map(({ label, sql: statement }) => ({ label, sql: statement }))
}

function dropsOfSqlite({ views, tables }: Catalog): DroppedObject[] {
  return [
    ...views.map(({ name }) => ({ label: `drop view ${name}`, sql: sql`drop view ${id(name)}` })),
    // A virtual table takes with it the tables that it keeps its rows in.
    ...inOrder(tables).map(({ name, kind }) => ({
      label: `drop table ${name}`,
      sql: kind === 'virtual' ? sql`drop table ${id(name)}` : sql`drop table if exists ${id(name)}`,
    })),
  ]
}

function notDroppable(object: string, reason: string): MetastoreError {
  return new MetastoreError({
    code: 'not_supported',
    message: `The database cannot be emptied: ${object}. ${reason}`,
    where: object,
    remedy: 'Drop it by hand, then run metastore reset again. Nothing was changed.',
  })
}
