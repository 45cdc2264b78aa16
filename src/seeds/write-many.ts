import { id, sql, type Queryable, type Sql } from '../database/database.ts'
import { changeable, differsAtAll, insertInto, isNew, keyJoin, ofShape, setFrom } from './diff.ts'
import { rowColumn, stageSql, type Shape, type Staged } from './staged.ts'
import { tableSql } from './target.ts'

const changes = ['pg_temp', 'metastore_seed_changes']
const row = sql`s.${id(rowColumn)}`

/**
 * Writes many staged rows of a shape. Table and rows are joined once, and only what is new or changed is remembered, so that rows
 * that stay as they are cost no more than a look. For PostgreSQL.
 */
export async function writeMany(
  db: Queryable,
  staged: Staged,
  shape: Shape,
): Promise<{ readonly inserted: number; readonly updated: number }> {
  await findChanges(db, staged, shape)
  const [found] = await db.query<{ added: number | bigint; changed: number | bigint }>(sql`
    select count(*) filter (where is_new) as added, count(*) filter (where not is_new) as changed from ${id(...changes)}`)
  const [added, changed] = [Number(found?.added ?? 0), Number(found?.changed ?? 0)]
  if (added + changed > 0) await db.query(sql`analyze ${id(...changes)}`)
  const of = (isAdded: Sql) =>
    sql`${stageSql(staged)} as s join ${id(...changes)} as c on c.row = ${row} and ${isAdded}`
  const updated =
    changed === 0
      ? 0
      : await db.execute(sql`
          update ${tableSql(staged.step.table)} as t set ${setFrom(changeable(staged, shape))}
          from ${of(sql`not c.is_new`)} where ${keyJoin(staged)}`)
  if (added === 0) return { inserted: 0, updated }
  const rows = added === staged.count ? sql`${stageSql(staged)} as s` : of(sql`c.is_new`)
  return { inserted: await db.execute(sql`${insertInto(staged, shape)} from ${rows} order by ${row}`), updated }
}

async function findChanges(db: Queryable, staged: Staged, shape: Shape): Promise<void> {
  const columns = staged.step.mode === 'insert-only' ? [] : changeable(staged, shape)
  await db.query(sql`drop table if exists ${id(...changes)}`)
  const select =
    columns.length === 0
      ? sql`select ${row} as row, true as is_new from ${stageSql(staged)} as s where ${ofShape(shape)} and ${isNew(staged)}`
      : sql`
        select ${row} as row, t.ctid is null as is_new
        from ${stageSql(staged)} as s left join ${tableSql(staged.step.table)} as t on ${keyJoin(staged)}
        where ${ofShape(shape)} and (t.ctid is null or ${differsAtAll(columns)})`
  await db.query(sql`create temporary table ${id(changes[1] ?? '')} on commit drop as ${select}`)
}
