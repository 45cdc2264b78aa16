import { id, join, literal, sql, type Queryable, type Sql } from '../../database/database.ts'
import { changeable, differsAtAll, insertInto, keyJoin, ofShape, setFrom } from '../staging/diff.ts'
import { rowColumn, stageSql, type Shape, type Staged } from '../staging/staged.ts'
import { tableSql } from '../target.ts'

const newRows = ['pg_temp', 'metastore_seed_new']
const row = id(rowColumn)
// Beside columns of the table, so of a name that none of them has.
const isNew = id('metastore new')

/** Whether `writeMany` can write the rows of a shape: their table is compared with them, and no rule rewrites what is asked of it. */
export function canWriteMany({ step }: Staged, columns: readonly unknown[]): boolean {
  // Section 7.8.4: what a rule rewrites has no WITH before it.
  return step.mode !== 'insert-only' && columns.length > 0 && step.table.rules.length === 0
}

/**
 * Writes many staged rows of a shape. Table and rows are joined once: what differs is updated while the page that it stands on is
 * at hand, what is new is remembered by its number, and rows that stay as they are cost no more than a look. For PostgreSQL.
 */
export async function writeMany(
  db: Queryable,
  staged: Staged,
  shape: Shape,
): Promise<{ readonly inserted: number; readonly updated: number }> {
  const { step, count, nullColumns } = staged
  // Nulls are not looked up in an index.
  const isLookedUp = step.keyIsIndexed && !step.key.some((column) => nullColumns.has(column))
  await db.query(sql`drop table if exists ${id(...newRows)}`)
  await db.query(sql`create temporary table ${id(newRows[1] ?? '')} (${row} bigint not null) on commit drop`)
  const updated = await db.execute(sql`
    with s as materialized (${differing(staged, shape)}),
    remembered as (insert into ${id(...newRows)} select s.${row} from s where s.${isNew})
    update ${tableSql(step.table)} as t set ${setFrom(changeable(staged, shape))} from s
    where not s.${isNew} and ${keyJoin(staged)}${isLookedUp ? sql` and ${asFew}` : sql``}`)
  const [found] = await db.query<{ added: number | bigint }>(sql`select count(*) as added from ${id(...newRows)}`)
  const added = Number(found?.added ?? 0)
  if (added === 0) return { inserted: 0, updated }
  if (added < count) await db.query(sql`analyze ${id(...newRows)}`)
  const rows =
    added === count
      ? sql`${stageSql(staged)} as s`
      : sql`${stageSql(staged)} as s join ${id(...newRows)} as c on c.${row} = s.${row}`
  return { inserted: await db.execute(sql`${insertInto(staged, shape)} from ${rows} order by s.${row}`), updated }
}

// The staged rows that are new or differ from what is there. Of those that are new their values are left where they are.
function differing(staged: Staged, shape: Shape): Sql {
  const columns = changeable(staged, shape)
  const kept = [...staged.step.key, ...columns.map(({ name }) => name)].map(
    (name) => sql`case when t.ctid is not null then s.${id(name)} end as ${id(name)}`,
  )
  return sql`
    select s.${row}, t.ctid is null as ${isNew}, ${join(kept)}
    from ${stageSql(staged)} as s left join ${tableSql(staged.step.table)} as t on ${keyJoin(staged)}
    where ${ofShape(shape)} and (t.ctid is null or ${differsAtAll(columns)})`
}

// Always true, and of no cost. The planner cannot know how many rows will differ, expects most, and would read the whole table a
// second time. With this it expects very few and looks each up by its key, right behind the join that has just read its page.
const asFew = join(
  [0, 1, 2].map((number) => sql`coalesce(s.${row}, ${literal(number)}) = s.${row}`),
  ' and ',
)
