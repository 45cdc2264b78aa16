import type { Edit, Fix } from '../../finding.ts'
import { quoted } from './key-by-index.ts'
import { fixOutside } from './rewrites.ts'
import type { Scene } from './scene.ts'
import type { SeenStatement } from './seen-statement.ts'
import type { AddedConstraint } from './tree.ts'

/** The rewrite of a constraint into one that is added NOT VALID and then validated; undefined where it is not so simple. */
export function validatedLater(
  statement: SeenStatement,
  scene: Scene,
  { table, constraint, column, alone }: AddedConstraint,
  name: string,
): Fix | undefined {
  if (!alone || column !== undefined || Buffer.byteLength(name) > 63) return undefined
  const quotedName = quoted({ schema: null, name })
  const place = statement.at(constraint.location)
  // It has to have a name by which it can be validated.
  const named: Edit[] =
    constraint.conname === undefined ? [{ start: place, end: place, text: `constraint ${quotedName} ` }] : []
  const { end } = statement
  const text = ` not valid;\nalter table ${quoted(table)} validate constraint ${quotedName}`
  return fixOutside(statement, scene, 'Add the constraint NOT VALID, then validate it.', [
    ...named,
    { start: end, end, text },
  ])
}
