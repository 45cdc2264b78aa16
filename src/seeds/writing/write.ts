import { id, join, sql, type Queryable } from '../../database/database.ts'
import { changeable, differs, insertInto, isNew, keyJoin, ofShape, setFrom, toRemove } from '../staging/diff.ts'
import { fewRows, rowColumn, stageSql, type Shape, type Staged } from '../staging/staged.ts'
import { advanceSequences } from './sequences.ts'
import { tableSql } from '../target.ts'
import type { CellWorld } from '../world.ts'
import { canWriteMany, writeMany } from './write-many.ts'

interface Written {
  readonly inserted: number
  readonly updated: number
}

/** Writes the staged rows into their table. */
export async function writeStaged(db: Queryable, staged: Staged, dialect: CellWorld['dialect']): Promise<Written> {
  let [inserted, updated] = [0, 0]
  const many = dialect === 'postgres' && staged.count > fewRows
  for (const shape of staged.shapes) {
    if (many && canWriteMany(staged, changeable(staged, shape))) {
      const written = await writeMany(db, staged, shape)
      inserted += written.inserted
      updated += written.updated
    } else {
      // Updated first: what is inserted now is not new to the next statement.
      if (staged.step.mode !== 'insert-only') updated += await update(db, staged, { shape, dialect })
      inserted += await insert(db, staged, shape)
    }
    // Before rows of another shape are written, which may leave the number to the database.
    if (dialect === 'postgres' && inserted > 0) await advanceSequences(db, staged.step.table, shape.columns)
  }
  return { inserted, updated }
}

/** Removes the rows of the table that are not among the staged ones. */
export function removeUnlisted(db: Queryable, staged: Staged): Promise<number> {
  return db.execute(sql`delete from ${tableSql(staged.step.table)} as t where ${toRemove(staged)}`)
}

function insert(db: Queryable, staged: Staged, shape: Shape): Promise<number> {
  return db.execute(sql`
    ${insertInto(staged, shape)} from ${stageSql(staged)} as s
    where ${ofShape(shape)} and ${isNew(staged)} order by s.${id(rowColumn)}`)
}

async function update(
  db: Queryable,
  staged: Staged,
  { shape, dialect }: { readonly shape: Shape; readonly dialect: CellWorld['dialect'] },
): Promise<number> {
  const columns = changeable(staged, shape)
  if (columns.length === 0) return 0
  const differences = columns.map((column) => differs(column, dialect))
  return db.execute(sql`
    update ${tableSql(staged.step.table)} as t set ${setFrom(columns)} from ${stageSql(staged)} as s
    where ${ofShape(shape)} and ${keyJoin(staged)} and (${join(differences, ' or ')})`)
}
