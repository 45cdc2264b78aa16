import type { Index, ObjectName, Table } from '../../../catalog/catalog.ts'
import { id, literal, sql, type Sql } from '../../../database/database.ts'
import { alter, type Carrying, commentOn, isSame } from './carrying.ts'

/** Gives the parts of a partitioned table's index the names they had; the server or the runner chose others. */
export function renameParts(carrying: Carrying, table: Table, whole: Index): readonly Sql[] {
  const parts = carrying.tables.flatMap((partition) =>
    partition.indexes
      .filter(({ partOf }) => isSame(partOf ?? undefined, { schema: table.schema, name: whole.name }))
      .map((index) => ({ partition, index })),
  )
  return parts.flatMap(({ partition, index }) => [
    renamePart(partition, index.name, { schema: table.schema, name: whole.name }),
    ...remarksOf(partition, index),
    ...renameParts(carrying, partition, index),
  ])
}

function renamePart(partition: Table, name: string, whole: ObjectName): Sql {
  const regclass = ({ schema, name: relation }: ObjectName) =>
    sql`${literal(id(schema, relation).inline('postgres'))}::pg_catalog.regclass`
  const body = sql`
    declare
      part text;
    begin
      select inherited.inhrelid::pg_catalog.regclass::text into strict part
      from pg_catalog.pg_inherits inherited
      join pg_catalog.pg_index index on index.indexrelid = inherited.inhrelid
      where inherited.inhparent = ${regclass(whole)} and index.indrelid = ${regclass(partition)};
      execute 'alter index ' || part || ${literal(` rename to ${id(name).inline('postgres')}`)};
    end`
  return sql`do ${literal(body.inline('postgres'))}`
}

/** What an index says of itself and of its table, when it has its name. */
export function remarksOf(table: Table, index: Index): readonly Sql[] {
  return [
    ...commentOn(sql`index ${id(table.schema, index.name)}`, index.comment),
    ...(index.clustered ? [alter(table, sql`cluster on ${id(index.name)}`)] : []),
    ...(index.replicaIdentity ? [alter(table, sql`replica identity using index ${id(index.name)}`)] : []),
  ]
}
