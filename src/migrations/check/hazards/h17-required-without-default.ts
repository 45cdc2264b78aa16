import type { Hazard } from '../hazard.ts'
import { addedColumns, shown } from '../tree.ts'
import { isSerial } from '../type-names.ts'

/** A new column that every row must have a value in, and none has. */
export const requiredWithoutDefault: Hazard = {
  id: 'H17',
  code: 'required_without_default',
  title: 'a required column added without a default',
  severity: 'P0',
  why: 'It fails as soon as the table has a row; and what runs now, and does not know the column, can insert nothing.',
  remedy:
    'Give it a constant DEFAULT, or add it with the action add_column, whose `up` gives the rows there are a value while both versions run.',
  silence: 'On a table that is new.',
  needs: ['S', 'L'],
  detect: (statement, scene) =>
    addedColumns(statement.node).flatMap(({ table, column, name, constraints }) => {
      const kinds = constraints.map(({ contype }) => contype)
      const isRequired = kinds.includes('CONSTR_NOTNULL') || kinds.includes('CONSTR_PRIMARY')
      const hasValue = kinds.some((kind) =>
        ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'].includes(kind ?? ''),
      )
      if (!isRequired || hasValue || isSerial(column.typeName) || scene.isNew(table)) return []
      const isEmpty = scene.size(table)?.rows === 0
      return [
        {
          object: `${shown(table)}.${name}`,
          offset: statement.at(column.location),
          severity: isEmpty ? ('P1' as const) : undefined,
          message: isEmpty
            ? `${shown(table)} is empty here, so it works; but running clients that do not know ${name} can insert nothing any more.`
            : `It fails if ${shown(table)} has a row.`,
        },
      ]
    }),
}
