import { id, sql, type Sql, join } from '../../database/database.ts'
import { internalName, syncSchemaName } from '../batch/names.ts'
import type { UpdatePlan } from './plan.ts'

/** A table that holds what one query of a plan gave, by the keys of the rows that it is for. */
export interface SideTable {
  readonly schema: string
  readonly name: string
  /** The column that its values are for. */
  readonly column: string
  /** The plan's query. */
  readonly index: number
}

/** The side tables that a plan needs. They are gone when its backfill has ended; one that was broken off leaves them. */
export function sideTablesOf(plan: Pick<UpdatePlan, 'schema' | 'table' | 'queries'>, stateSchema: string): SideTable[] {
  return plan.queries.map(({ column }, index) => ({
    schema: syncSchemaName(stateSchema),
    name: internalName('backfill', plan.schema, plan.table, column),
    column,
    index,
  }))
}

/** The statement that drops a side table, if it is there. */
export function dropSideTable({ schema, name }: SideTable): Sql {
  return sql`drop table if exists ${id(schema, name)}`
}

/** The value that a side table has for a row; null where its query gave none. */
export function valueFromSide({ schema, name }: SideTable, { alias, key }: UpdatePlan): Sql {
  const side = id('__metastore_side')
  const same = key.map((column, index) => sql`${side}.${keyColumn(index)} = ${id(alias, column)}`)
  return sql`(select ${side}.value from ${id(schema, name)} as ${side} where ${join(same, ' and ')})`
}

/** The column of a side table that holds one of the key's columns, by its place in the key. */
export function keyColumn(index: number): Sql {
  return id(`key_${index + 1}`)
}
