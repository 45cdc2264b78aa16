import type { Hazard } from '../hazard.ts'
import type { Scene } from '../scene.ts'
import type { SeenStatement } from '../seen-statement.ts'
import { addedConstraints, alterations, refOf, shown, type ObjectRef } from '../tree.ts'

/** ATTACH PARTITION that has to read what is attached. */
export const partitionAttached: Hazard = {
  id: 'H28',
  code: 'partition_attached_unproven',
  title: 'ATTACH PARTITION without a CHECK that matches its bounds',
  severity: 'P1',
  why: 'Every row of the new partition is read under an ACCESS EXCLUSIVE lock on it, to see that it belongs there; where there is a default partition, that is read as well.',
  remedy:
    'Before it, add a CHECK that says the same as the bounds NOT VALID, and VALIDATE it in a transaction of its own; drop it afterwards.',
  silence: 'Where the table to attach is new, or has a validated CHECK.',
  needs: ['C', 'L'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_AttachPartition').flatMap(({ table: parent, command: { def } }) => {
      const table = refOf(def && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined)
      if (scene.isNew(table) || scene.isNew(parent) || hasCheck(statement, scene, table)) return []
      return [
        {
          object: shown(table),
          message: `All of ${shown(table)} is read, while nobody can use it, to see that it belongs to ${shown(parent)}.`,
          load: { table, work: 'scan' },
        },
      ]
    }),
}

function hasCheck(statement: SeenStatement, scene: Scene, table: ObjectRef): boolean {
  const there = (scene.table(table)?.constraints ?? []).some(({ kind, validated }) => kind === 'check' && validated)
  return (
    there ||
    scene.statements
      .slice(0, scene.statements.indexOf(statement))
      .flatMap(({ node }) => addedConstraints(node, 'CONSTR_CHECK'))
      .some((added) => added.table.name === table.name)
  )
}
