import { rounded } from '../cost.ts'
import { dependantsOf } from '../dependants.ts'
import type { Hazard, Report } from '../hazard.ts'
import { fixOf, withoutWords } from '../rewrites.ts'
import type { Scene } from '../scene.ts'
import type { SeenStatement } from '../seen-statement.ts'
import { alterations, dropped, listed, refOf, shown, type NodeOf, type ObjectRef } from '../tree.ts'

/** TRUNCATE, and CASCADE: what else goes is not said. */
export const cascade: Hazard = {
  id: 'H35',
  code: 'cascade',
  title: 'TRUNCATE, or DROP … CASCADE',
  severity: 'P1',
  why: 'CASCADE takes with it whatever depends on the thing: the rows of other tables, views, foreign keys, columns. Nobody reads what goes, and it differs from one database to the next.',
  remedy: 'Leave CASCADE out, and drop by name what has to go first.',
  silence: 'For a table that is new, and where the catalog shows that nothing else goes.',
  needs: ['S', 'C', 'L'],
  detect(statement, scene) {
    const { node } = statement
    if ('TruncateStmt' in node) return truncated(statement, node.TruncateStmt, scene)
    const columns = alterations(node, 'AT_DropColumn', 'AT_DropConstraint')
      .filter(({ command, table }) => command.behavior === 'DROP_CASCADE' && !scene.isNew(table))
      .map(({ table, command: { name = '' } }) => report(statement, scene, `${shown(table)}.${name}`, undefined))
    if (!('DropStmt' in node) || node.DropStmt.behavior !== 'DROP_CASCADE') return columns
    const { removeType } = node.DropStmt
    return dropped(node, removeType)
      .filter((object) => !(removeType === 'OBJECT_TABLE' && scene.isNew(object)) && !scene.isNewObject(object))
      .flatMap((object) => {
        const others = removeType === 'OBJECT_TABLE' ? dependantsOf(object, scene) : undefined
        return others?.length === 0 ? [] : [report(statement, scene, shown(object), others)]
      })
  },
}

function report(statement: SeenStatement, scene: Scene, object: string, others: readonly string[] | undefined): Report {
  return {
    object,
    message:
      others === undefined
        ? `Whatever depends on ${object} is dropped with it.`
        : `With ${object} also ${others.length === 1 ? 'goes' : 'go'} ${listed(others)}.`,
    // Where it is known what goes, leaving CASCADE out makes it fail.
    fix:
      others === undefined
        ? fixOf(statement, scene, 'Leave CASCADE out, so that it fails rather than drop what nobody named.', [
            withoutWords(statement, ['cascade']),
          ])
        : undefined,
  }
}

function truncated(
  statement: SeenStatement,
  { relations = [], behavior }: NodeOf<'TruncateStmt'>,
  scene: Scene,
): Report[] {
  const tables = relations.flatMap((item) => ('RangeVar' in item ? [refOf(item.RangeVar)] : []))
  const old = tables.filter((table) => !scene.isNew(table))
  if (old.length === 0) return []
  const others = behavior === 'DROP_CASCADE' ? referring(old, scene) : []
  const rows = old.map((table) => scene.size(table)?.rows ?? undefined)
  const sum = rows.every((count) => count !== undefined) ? rows.reduce((all, count) => all + count, 0) : undefined
  const names = listed(old.map(shown))
  const count = sum === undefined ? 'Every row' : `Every row, here ${rounded(sum)},`
  const more =
    others === undefined
      ? ' and of every table that refers to it'
      : others.length > 0
        ? ` and of ${listed(others)}, which ${others.length === 1 ? 'refers' : 'refer'} to it`
        : ''
  return [
    {
      object: names,
      severity: sum === undefined ? undefined : sum > 0 ? 'P0' : 'P2',
      message: `${count} of ${names}${more} is removed.`,
      remedy:
        behavior === 'DROP_CASCADE'
          ? undefined
          : 'Delete what has to go by a condition, in batches, or leave it to whoever owns the data.',
      fix:
        behavior === 'DROP_CASCADE' && others === undefined
          ? fixOf(statement, scene, 'Leave CASCADE out, so that it fails rather than empty what nobody named.', [
              withoutWords(statement, ['cascade']),
            ])
          : undefined,
    },
  ]
}

function referring(tables: readonly ObjectRef[], { catalog, schema }: Scene): string[] | undefined {
  if (catalog === undefined) return undefined
  const isOne = (ref: { schema: string; name: string }) =>
    tables.some((table) => table.name === ref.name && (table.schema ?? schema) === ref.schema)
  return catalog.tables
    .filter(
      (table) => !isOne(table) && table.constraints.some((one) => one.kind === 'foreign_key' && isOne(one.references)),
    )
    .map((table) => shown(table))
}
