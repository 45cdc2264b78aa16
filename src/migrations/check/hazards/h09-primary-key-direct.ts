import type { Hazard } from '../hazard.ts'
import { keyByIndex } from '../key-by-index.ts'
import { addedConstraints, keyColumns, listed, shown } from '../tree.ts'

/** A primary key that builds its index while nobody can read. */
export const primaryKeyDirect: Hazard = {
  id: 'H09',
  code: 'primary_key_direct',
  title: 'a PRIMARY KEY added or redefined directly',
  severity: 'P1',
  why: 'The index behind it is built, and the columns are looked through for nulls, under an ACCESS EXCLUSIVE lock: nobody reads or writes the table meanwhile.',
  remedy: 'Build a unique index CONCURRENTLY, then ADD CONSTRAINT … PRIMARY KEY USING INDEX.',
  silence: 'On a table that is new, and with USING INDEX.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    addedConstraints(statement.node, 'CONSTR_PRIMARY')
      .filter(({ constraint, table }) => constraint.indexname === undefined && !scene.isNew(table))
      .map((added) => {
        const { table, constraint } = added
        const columns = keyColumns(added)
        const name = constraint.conname ?? `${table.name}_pkey`
        return {
          object: shown(table),
          offset: statement.at(constraint.location),
          message: `${shown(table)} is locked for reads and writes until the index on ${listed(columns)} is built.`,
          load: { table, work: 'index' },
          fix: keyByIndex(statement, scene, added, { name, columns, kind: 'primary key' }),
        }
      }),
}
