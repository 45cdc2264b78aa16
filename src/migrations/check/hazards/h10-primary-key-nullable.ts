import type { Hazard } from '../hazard.ts'
import type { Scene } from '../scene.ts'
import { addedConstraints, keyColumns, listed, shown, type AddedConstraint } from '../tree.ts'

/** A primary key whose columns have to be looked through for nulls first. */
export const primaryKeyNullable: Hazard = {
  id: 'H10',
  code: 'primary_key_nullable',
  title: 'a primary key over columns that take NULL',
  severity: 'P1',
  why: 'A primary key makes its columns NOT NULL, which reads the whole table under an ACCESS EXCLUSIVE lock, even with USING INDEX; one null makes it fail.',
  remedy: 'Before it, add CHECK (column IS NOT NULL) NOT VALID and VALIDATE it: then nothing needs to be read.',
  silence:
    'Where nothing tells that a column takes NULL, on a table that is new, and where a validated check proves that there are no nulls.',
  needs: ['C'],
  detect: (statement, scene) =>
    addedConstraints(statement.node, 'CONSTR_PRIMARY').flatMap((added) => {
      const { table, constraint } = added
      if (scene.isNew(table)) return []
      const columns = columnsOf(added, scene).filter(
        (name) => scene.isNullable(table, name) === true && !scene.isProvenNotNull(table, name),
      )
      if (columns.length === 0) return []
      return [
        {
          object: `${shown(table)} (${columns.join(', ')})`,
          offset: statement.at(constraint.location),
          message: `All of ${shown(table)} is read for nulls in ${listed(columns)} while nobody can use it.`,
          load: { table, work: 'scan' },
        },
      ]
    }),
}

function columnsOf(added: AddedConstraint, scene: Scene): string[] {
  const { indexname } = added.constraint
  if (indexname === undefined) return keyColumns(added)
  const found = scene.index({ schema: added.table.schema, name: indexname })
  return (found?.index.keys ?? []).flatMap((key) => (key.kind === 'column' ? [key.column] : []))
}
