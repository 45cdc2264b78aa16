import { actionFile, tableForAction, typeText } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { sliceUntil, placedTokens } from '../text-parts.ts'
import { alterations, shown } from '../tree.ts'
import { typeChange, typeShape } from '../type-names.ts'

/** A change of type that writes every row anew. */
export const typeRewrite: Hazard = {
  id: 'H21',
  code: 'type_change_rewrites',
  title: 'a change of type that rewrites the table',
  severity: 'P1',
  why: 'Unless the bytes stay as they are, every row and every index on the column is built anew under an ACCESS EXCLUSIVE lock; and running clients read another type from one moment to the next.',
  remedy:
    'Change it with the action alter_column, which fills a second column in batches and shows each version of the application its own.',
  silence:
    'On a table that is new, and where the old type is known and nothing is written: varchar to text, a longer varchar, a wider numeric.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_AlterColumnType').flatMap(({ table, command: { name = '', def }, alone }) => {
      const column = def && 'ColumnDef' in def ? def.ColumnDef : undefined
      if (column === undefined || scene.isNew(table)) return []
      const from = scene.typeOf(table, name)
      const to = typeShape(column.typeName)
      const using = column.raw_default !== undefined
      if (from !== undefined && !using && !typeChange(from, to).rewrites) return []
      const type = typeText(statement, column.typeName)
      const actionTable = tableForAction(scene, table)
      const isPlain = alone && column.collClause === undefined && actionTable !== undefined
      return [
        {
          object: `${shown(table)}.${name}`,
          message:
            from === undefined
              ? `Unless ${name} has nearly this type already, every row of ${shown(table)} is written anew while nobody can use it.`
              : `Every row of ${shown(table)} is written anew while nobody can use it.`,
          load: { table, work: 'rewrite' },
          asAction: isPlain
            ? actionFile({
                type: 'alter_column',
                table: actionTable,
                column: name,
                up: using ? usingText(statement.text) : undefined,
                changes: { type },
              })
            : undefined,
        },
      ]
    }),
}

function usingText(text: string): string | undefined {
  const word = placedTokens(text).findLast((token) => token.depth === 0 && token.text === 'using')
  const first = word && placedTokens(text).find(({ start }) => start > word.start)
  return first && sliceUntil(text, first.start, []).trim()
}
