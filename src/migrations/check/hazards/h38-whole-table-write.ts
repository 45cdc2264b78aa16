import type { Node } from '../../sql/parser.ts'
import type { Hazard } from '../hazard.ts'
import type { Scene } from '../scene.ts'
import { refOf, shown, stringsOf, walk, type NodeOf, type ObjectRef } from '../tree.ts'

/** An UPDATE or DELETE of all rows in one statement. */
export const wholeTableWrite: Hazard = {
  id: 'H38',
  code: 'whole_table_write',
  title: 'an UPDATE or DELETE of a whole table in one statement',
  severity: 'P1',
  why: 'Every row stays locked until the transaction ends, the table doubles in size until it is vacuumed, and replicas fall behind.',
  remedy:
    'Write in batches, each a transaction of its own; the actions add_column and alter_column do it with `up`, resumable and with progress.',
  silence:
    'On a table that is new, and with a WHERE that leaves rows out. A WHERE that only asks whether a new column is null leaves none out.',
  needs: ['S', 'L'],
  detect: ({ node }, scene) =>
    writesIn(node).flatMap(({ kind, relation, whereClause }) => {
      const table = refOf(relation)
      if (scene.isNew(table) || leavesOut(whereClause, table, scene)) return []
      return [
        {
          object: shown(table),
          message: `${kind} writes every row of ${shown(table)} in one transaction.`,
          load: { table, work: 'update' },
        },
      ]
    }),
}

type Write = Pick<NodeOf<'UpdateStmt'>, 'relation' | 'whereClause'> & { readonly kind: 'UPDATE' | 'DELETE' }

// A query can write in its WITH as well; what makes a rule or a function only says what to do later.
function writesIn(node: Node): Write[] {
  const runs = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].some((kind) => kind in node)
  if (!runs) return []
  return Array.from(walk(node)).flatMap(([kind, inner]): Write[] => {
    if (kind === 'UpdateStmt') return [{ kind: 'UPDATE', ...(inner as NodeOf<'UpdateStmt'>) }]
    return kind === 'DeleteStmt' ? [{ kind: 'DELETE', ...(inner as NodeOf<'DeleteStmt'>) }] : []
  })
}

function leavesOut(condition: Node | undefined, table: ObjectRef, scene: Scene): boolean {
  if (condition === undefined) return false
  if ('A_Const' in condition) return condition.A_Const.boolval?.boolval !== true
  if ('A_Expr' in condition) {
    const { lexpr, rexpr, name } = condition.A_Expr
    const isOne = (side: Node | undefined) => side && 'A_Const' in side && side.A_Const.ival?.ival === 1
    return !(stringsOf(name).at(-1) === '=' && isOne(lexpr) === true && isOne(rexpr) === true)
  }
  if (!('NullTest' in condition) || condition.NullTest.nulltesttype !== 'IS_NULL') return true
  const { arg } = condition.NullTest
  const column = arg && 'ColumnRef' in arg ? stringsOf(arg.ColumnRef.fields).at(-1) : undefined
  return column === undefined || !scene.isNewColumn(table, column)
}
