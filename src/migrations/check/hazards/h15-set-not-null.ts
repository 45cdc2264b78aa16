import { actionFile, tableForAction } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { quoted } from '../key-by-index.ts'
import { fixOutside, instead } from '../rewrites.ts'
import { alterations, shown } from '../tree.ts'

/** SET NOT NULL, which reads the table while nobody can use it. */
export const setNotNull: Hazard = {
  id: 'H15',
  code: 'set_not_null_scan',
  title: 'SET NOT NULL that has to read the table',
  severity: 'P1',
  why: 'Every row is read under an ACCESS EXCLUSIVE lock: nobody reads or writes the table meanwhile.',
  remedy:
    'Before it, add CHECK (column IS NOT NULL) NOT VALID and VALIDATE it in a transaction of its own: then nothing needs to be read. The action alter_column with nullable = false does the same.',
  silence:
    'On a table that is new, on a column that takes no NULL already, and where a validated check proves that there are no nulls.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_SetNotNull').flatMap(({ table, command: { name = '' }, alone }) => {
      if (scene.isNew(table) || scene.isNullable(table, name) === false || scene.isProvenNotNull(table, name)) return []
      const check = `${table.name}_${name}_not_null`
      const [on, column, proof] = [quoted(table), quoted({ schema: null, name }), quoted({ schema: null, name: check })]
      const actionTable = tableForAction(scene, table)
      return [
        {
          object: `${shown(table)}.${name}`,
          message: `All of ${shown(table)} is read for nulls while nobody can use it.`,
          load: { table, work: 'scan' },
          asAction:
            alone && actionTable !== undefined
              ? actionFile({
                  type: 'alter_column',
                  table: actionTable,
                  column: name,
                  up: column,
                  changes: { nullable: false },
                })
              : undefined,
          fix:
            alone && Buffer.byteLength(check) <= 63
              ? fixOutside(statement, scene, 'Prove by a validated check that there are no nulls, then set NOT NULL.', [
                  instead(
                    statement,
                    [
                      `alter table ${on} add constraint ${proof} check (${column} is not null) not valid`,
                      `alter table ${on} validate constraint ${proof}`,
                      `alter table ${on} alter column ${column} set not null`,
                      `alter table ${on} drop constraint ${proof}`,
                    ].join(';\n'),
                  ),
                ])
              : undefined,
        },
      ]
    }),
}
