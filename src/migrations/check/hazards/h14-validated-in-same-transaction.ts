import type { Hazard } from '../hazard.ts'
import { fixOutside } from '../rewrites.ts'
import { addedConstraints, alterations, shown } from '../tree.ts'

/** NOT VALID, and VALIDATE before the lock is gone. The engine never splits a file, so this really hurts. */
export const validatedInSameTransaction: Hazard = {
  id: 'H14',
  code: 'validated_in_same_transaction',
  title: 'NOT VALID and VALIDATE in one transaction',
  severity: 'P1',
  why: 'The lock of ADD CONSTRAINT is kept until the transaction ends, so the table is read under it after all, and NOT VALID has gained nothing.',
  remedy: 'Put the line "-- metastore: no-transaction" at the top of the file, or VALIDATE in a migration of its own.',
  silence: 'On a table that is new, and where each statement is a transaction of its own.',
  needs: ['S'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_ValidateConstraint').flatMap(({ table, command: { name = '' } }) => {
      if (statement.transaction === null || scene.isNew(table)) return []
      const before = scene.statements.slice(0, scene.statements.indexOf(statement) + 1)
      const added = before
        .filter(({ transaction }) => transaction === statement.transaction)
        .flatMap(({ node }) => addedConstraints(node, 'CONSTR_CHECK', 'CONSTR_FOREIGN', 'CONSTR_NOTNULL'))
        .some((one) => one.constraint.conname === name && one.table.name === table.name)
      if (!added) return []
      return [
        {
          object: name,
          message: `${shown(table)} is read under the lock that adding ${name} took.`,
          load: { table, work: 'lookup' },
          fix: fixOutside(statement, scene, 'Let each statement be a transaction of its own.', []),
        },
      ]
    }),
}
