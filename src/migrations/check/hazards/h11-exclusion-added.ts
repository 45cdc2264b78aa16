import type { Hazard } from '../hazard.ts'
import { addedConstraints, shown } from '../tree.ts'

/** An exclusion constraint, which can only be added in one piece. */
export const exclusionAdded: Hazard = {
  id: 'H11',
  code: 'exclusion_added',
  title: 'an EXCLUDE constraint added to a table in use',
  severity: 'P1',
  why: 'It builds its index under an ACCESS EXCLUSIVE lock and checks every row, and PostgreSQL has neither NOT VALID nor CONCURRENTLY for it.',
  remedy: 'Add it when the table is made or nearly empty, or copy the rows into a new table that has it.',
  silence: 'On a table that is new.',
  needs: ['S', 'L'],
  detect: (statement, scene) =>
    addedConstraints(statement.node, 'CONSTR_EXCLUSION')
      .filter(({ table }) => !scene.isNew(table))
      .map(({ table, constraint }) => ({
        object: constraint.conname ?? shown(table),
        offset: statement.at(constraint.location),
        message: `${shown(table)} is locked for reads and writes until the index of the constraint is built.`,
        load: { table, work: 'index' },
      })),
}
