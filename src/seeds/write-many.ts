import { id, join, sql, type Queryable } from '../database/database.ts'
import { changeable, differsAtAll, insertInto, isNew, keyJoin, ofShape, setFrom } from './diff.ts'
import { rowColumn, stageSql, type Shape, type Staged } from './staged.ts'
import { tableSql } from './target.ts'

const changes = ['pg_temp', 'metastore_seed_changes']
const row = sql`s.${id(rowColumn)}`
// Beside columns of the table, so of a name that none of them has.
const isAdded = sql`${id('metastore new')}`

/**
 * Writes many staged rows of a shape. Table and rows are joined once, and only what is new or changed is remembered, so that rows
 * that stay as they are cost no more than a look. Of a changed row its values are remembered too: the staged rows are then not
 * read again to find them. For PostgreSQL.
 */
export async function writeMany(
  db: Queryable,
  staged: Staged,
  shape: Shape,
): Promise<{ readonly inserted: number; readonly updated: number }> {
  await findChanges(db, staged, shape)
  const [found] = await db.query<{ added: number | bigint; changed: number | bigint }>(sql`
    select count(*) filter (where ${isAdded}) as added, count(*) filter (where not ${isAdded}) as changed
    from ${id(...changes)}`)
  const [added, changed] = [Number(found?.added ?? 0), Number(found?.changed ?? 0)]
  if (added + changed > 0) await db.query(sql`analyze ${id(...changes)}`)
  const updated =
    changed === 0
      ? 0
      : await db.execute(sql`
          update ${tableSql(staged.step.table)} as t set ${setFrom(changeable(staged, shape))}
          from ${id(...changes)} as s where not s.${isAdded} and ${keyJoin(staged)}`)
  if (added === 0) return { inserted: 0, updated }
  const rows =
    added === staged.count
      ? sql`${stageSql(staged)} as s`
      : sql`${stageSql(staged)} as s join ${id(...changes)} as c on c.${id(rowColumn)} = ${row} and c.${isAdded}`
  return { inserted: await db.execute(sql`${insertInto(staged, shape)} from ${rows} order by ${row}`), updated }
}

async function findChanges(db: Queryable, staged: Staged, shape: Shape): Promise<void> {
  const columns = staged.step.mode === 'insert-only' ? [] : changeable(staged, shape)
  await db.query(sql`drop table if exists ${id(...changes)}`)
  const kept = [...staged.step.key, ...columns.map(({ name }) => name)].map(
    (name) => sql`case when t.ctid is not null then s.${id(name)} end as ${id(name)}`,
  )
  const select =
    columns.length === 0
      ? sql`select ${row}, true as ${isAdded} from ${stageSql(staged)} as s where ${ofShape(shape)} and ${isNew(staged)}`
      : sql`
        select ${row}, t.ctid is null as ${isAdded}, ${join(kept)}
        from ${stageSql(staged)} as s left join ${tableSql(staged.step.table)} as t on ${keyJoin(staged)}
        where ${ofShape(shape)} and (t.ctid is null or ${differsAtAll(columns)})`
  await db.query(sql`create temporary table ${id(changes[1] ?? '')} on commit drop as ${select}`)
}
