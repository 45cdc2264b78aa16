import { findColumn } from '../catalog/catalog.ts'
import { id, join, raw, sql, type Queryable } from '../database/database.ts'
import { changeable, differs, isNew, keyJoin, ofShape, toRemove } from './diff.ts'
import { rowColumn, stageSql, type Shape, type Staged } from './staged.ts'
import { tableSql } from './target.ts'
import type { CellWorld } from './world.ts'

/** How many rows of a table were written. */
export interface Written {
  readonly inserted: number
  readonly updated: number
  readonly removed: number
}

/** Writes the staged rows into their table. */
export async function writeStaged(db: Queryable, staged: Staged, dialect: CellWorld['dialect']): Promise<Written> {
  let [inserted, updated] = [0, 0]
  for (const shape of staged.shapes) {
    // Updated first: what is inserted now is not new to the next statement.
    if (staged.step.mode !== 'insert-only') updated += await update(db, staged, { shape, dialect })
    inserted += await insert(db, staged, shape)
  }
  return { inserted, updated, removed: 0 }
}

/** Removes the rows of the table that are not among the staged ones. */
export function removeUnlisted(db: Queryable, staged: Staged): Promise<number> {
  return db.execute(sql`delete from ${tableSql(staged.step.table)} as t where ${toRemove(staged)}`)
}

function insert(db: Queryable, staged: Staged, shape: Shape): Promise<number> {
  const { table } = staged.step
  const columns = join(shape.columns.map((column) => id(column)))
  const values = join(shape.columns.map((column) => sql`s.${id(column)}`))
  const always = shape.columns.some((name) => findColumn(table, name)?.identity?.kind === 'always')
  return db.execute(sql`
    insert into ${tableSql(table)} (${columns})${raw(always ? ' overriding system value' : '')}
    select ${values} from ${stageSql(staged)} as s
    where ${ofShape(shape)} and ${isNew(staged)} order by s.${id(rowColumn)}`)
}

async function update(
  db: Queryable,
  staged: Staged,
  { shape, dialect }: { readonly shape: Shape; readonly dialect: CellWorld['dialect'] },
): Promise<number> {
  const columns = changeable(staged, shape)
  if (columns.length === 0) return 0
  const assignments = join(columns.map(({ name }) => sql`${id(name)} = s.${id(name)}`))
  const differences = join(
    columns.map((column) => differs(column, dialect)),
    ' or ',
  )
  return db.execute(sql`
    update ${tableSql(staged.step.table)} as t set ${assignments} from ${stageSql(staged)} as s
    where ${ofShape(shape)} and ${keyJoin(staged)} and (${differences})`)
}
