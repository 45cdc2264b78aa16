import { actionFile, tableForAction } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { validatedLater } from '../validated-later.ts'
import type { Scene } from '../scene.ts'
import { addedConstraints, keyColumns, refOf, shown, stringsOf, type AddedConstraint } from '../tree.ts'

/**
 * A foreign key that looks up every row while nobody can write to either table. One behind a new column without a default is
 * not looked at: PostgreSQL knows that all of it is null.
 */
export const foreignKeyValidatedAtOnce: Hazard = {
  id: 'H13',
  code: 'foreign_key_validated_at_once',
  title: 'a FOREIGN KEY added without NOT VALID',
  severity: 'P1',
  why: 'Every row is looked up in the other table, and writes to both tables wait until all are.',
  remedy:
    'Add it NOT VALID, and VALIDATE CONSTRAINT in a transaction of its own, which lets others write; or use the action add_foreign_key.',
  silence: 'On a table that is new, behind a new column without a default, and with NOT VALID or NOT ENFORCED.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    addedConstraints(statement.node, 'CONSTR_FOREIGN')
      .filter((added) => isLookedUp(added, scene))
      .map((added) => {
        const { table, constraint } = added
        const columns = keyColumns(added)
        const name = constraint.conname ?? `${table.name}_${columns.join('_')}_fkey`
        return {
          object: name,
          offset: statement.at(constraint.location),
          message: `Writes to ${shown(table)} and ${shown(refOf(constraint.pktable))} wait until every row is looked up.`,
          load: { table, work: 'lookup' },
          asAction: asAction(added, columns, scene),
          fix: validatedLater(statement, scene, added, name),
        }
      }),
}

function isLookedUp({ table, constraint, column }: AddedConstraint, scene: Scene): boolean {
  if (constraint.skip_validation || constraint.is_enforced === false || scene.isNew(table)) return false
  return column === undefined || column.constraints.some(({ contype }) => contype === 'CONSTR_DEFAULT')
}

const referential: Readonly<Record<string, string>> = { r: 'RESTRICT', c: 'CASCADE', n: 'SET NULL', d: 'SET DEFAULT' }

function asAction(
  { table, constraint, column, alone }: AddedConstraint,
  columns: string[],
  scene: Scene,
): string | undefined {
  const [name, other] = [tableForAction(scene, table), tableForAction(scene, refOf(constraint.pktable))]
  const referenced = stringsOf(constraint.pk_attrs)
  const isOdd = constraint.deferrable || constraint.fk_matchtype !== 's' || constraint.fk_del_set_cols !== undefined
  if (!alone || column !== undefined || isOdd || name === undefined || other === undefined || referenced.length === 0) {
    return undefined
  }
  return actionFile({
    type: 'add_foreign_key',
    table: name,
    foreign_key: {
      columns,
      referenced_table: other,
      referenced_columns: referenced,
      on_delete: referential[constraint.fk_del_action ?? ''],
      on_update: referential[constraint.fk_upd_action ?? ''],
    },
  })
}
