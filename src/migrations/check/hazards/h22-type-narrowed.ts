import type { Hazard } from '../hazard.ts'
import { alterations, shown } from '../tree.ts'
import { typeChange, typeShape } from '../type-names.ts'

/** A change of type to one that takes less. */
export const typeNarrowed: Hazard = {
  id: 'H22',
  code: 'type_narrowed',
  title: 'a type narrowed, or a length changed',
  severity: 'P2',
  why: 'One value that is too long or too large makes it fail; and what runs now may go on writing such values.',
  remedy:
    'Look for values that do not fit first, and keep the limit as a CHECK, which can be added NOT VALID; or use the action alter_column with an `up` that cuts them.',
  silence: 'On a table that is new, and where the old type is known and takes no more than the new one.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_AlterColumnType').flatMap(({ table, command: { name = '', def } }) => {
      const column = def && 'ColumnDef' in def ? def.ColumnDef : undefined
      if (column === undefined || scene.isNew(table)) return []
      const from = scene.typeOf(table, name)
      const to = typeShape(column.typeName)
      const narrows = from === undefined ? isLimited(to) : typeChange(from, to).narrows
      if (!narrows) return []
      return [
        {
          object: `${shown(table)}.${name}`,
          severity: from === undefined ? undefined : ('P1' as const),
          message:
            from === undefined
              ? `It fails if a row of ${shown(table)} has a ${name} that does not fit the new type.`
              : `The new type takes less than the old one: it fails if a row of ${shown(table)} has a ${name} that does not fit.`,
        },
      ]
    }),
}

function isLimited({ name, modifiers }: { readonly name: string; readonly modifiers: readonly number[] }): boolean {
  return name === 'int2' || (['varchar', 'bpchar', 'numeric', 'varbit'].includes(name) && modifiers.length > 0)
}
