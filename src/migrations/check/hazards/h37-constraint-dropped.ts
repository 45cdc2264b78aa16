import { actionFile, tableForAction } from '../as-action.ts'
import type { Hazard, Report } from '../hazard.ts'
import { quoted } from '../key-by-index.ts'
import type { KnownConstraint } from '../known-objects.ts'
import type { Scene } from '../scene.ts'
import type { SeenStatement } from '../seen-statement.ts'
import { addedConstraints, alterations, shown, type Alteration } from '../tree.ts'

/** A rule that is dropped while something relies on it. */
export const constraintDropped: Hazard = {
  id: 'H37',
  code: 'constraint_dropped',
  title: 'NOT NULL, a CHECK, a foreign key or a primary key dropped',
  severity: 'P2',
  why: 'What runs now relies on the rule, and from this moment another writer may break it; a rule that was broken once cannot be put back without mending data.',
  remedy:
    'Drop it when the last version that relies on it is gone, as the actions remove_check, remove_foreign_key and alter_column with nullable = true do at completion.',
  silence: 'For a constraint or a table that is new, and where the same file adds the constraint again.',
  needs: ['S', 'C'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_DropNotNull', 'AT_DropConstraint').flatMap((alteration) => {
      if (scene.isNew(alteration.table)) return []
      return alteration.command.subtype === 'AT_DropNotNull'
        ? notNull(alteration, scene)
        : constraint(statement, alteration, scene)
    }),
}

function notNull({ table, command: { name = '' }, alone }: Alteration, scene: Scene): Report[] {
  if (scene.isNewColumn(table, name)) return []
  const actionTable = tableForAction(scene, table)
  return [
    {
      object: `${shown(table)}.${name}`,
      message: `Whoever reads ${name} of ${shown(table)} may meet a null from now on.`,
      asAction:
        alone && actionTable !== undefined
          ? actionFile({
              type: 'alter_column',
              table: actionTable,
              column: name,
              down: quoted({ schema: null, name }),
              changes: { nullable: true },
            })
          : undefined,
    },
  ]
}

function constraint(
  statement: SeenStatement,
  { table, command: { name = '' }, alone }: Alteration,
  scene: Scene,
): Report[] {
  const known = scene.constraint(table, name)
  if (known?.newness === 'yes' || isAddedAgain(statement, scene, name)) return []
  const actionTable = tableForAction(scene, table)
  return [
    {
      object: name,
      severity: known?.kind === 'primary_key' ? 'P1' : undefined,
      message: `The ${words[known?.kind ?? 'other']} ${name} of ${shown(table)} no longer holds from now on.`,
      asAction: alone && actionTable !== undefined ? asAction(known, actionTable, name) : undefined,
    },
  ]
}

const words: Readonly<Record<KnownConstraint['kind'], string>> = {
  check: 'check',
  foreign_key: 'foreign key',
  primary_key: 'primary key',
  unique: 'unique constraint',
  other: 'constraint',
}

function asAction(known: KnownConstraint | undefined, table: string, name: string): string | undefined {
  if (known?.kind === 'check') return actionFile({ type: 'remove_check', table, check: name })
  if (known?.kind === 'foreign_key') return actionFile({ type: 'remove_foreign_key', table, foreign_key: name })
  return undefined
}

function isAddedAgain(statement: SeenStatement, { statements }: Scene, name: string): boolean {
  return statements
    .slice(statements.indexOf(statement))
    .flatMap(({ node }) => addedConstraints(node, 'CONSTR_CHECK', 'CONSTR_FOREIGN', 'CONSTR_PRIMARY', 'CONSTR_UNIQUE'))
    .some((added) => added.constraint.conname === name)
}
