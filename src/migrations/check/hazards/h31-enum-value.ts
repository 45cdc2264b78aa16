import type { Hazard } from '../hazard.ts'
import { refOfNames, shown, walk } from '../tree.ts'

/** A new value of an enum that stands nowhere in particular, or that is used too early. */
export const enumValue: Hazard = {
  id: 'H31',
  code: 'enum_value',
  title: 'an enum value without a position, or used in the transaction that adds it',
  severity: 'P2',
  why: 'A value without BEFORE or AFTER sorts last, which is seldom meant and never changed again; and a value cannot be used before the transaction that adds it has committed.',
  remedy: 'Say BEFORE or AFTER which value it comes, and use it in a later migration.',
  silence: 'For an enum that is new in the same transaction.',
  needs: ['S', 'C'],
  detect(statement, scene) {
    const { node, transaction } = statement
    if (!('AlterEnumStmt' in node) || node.AlterEnumStmt.oldVal !== undefined) return []
    const { typeName, newVal = '', newValNeighbor } = node.AlterEnumStmt
    const type = refOfNames(typeName)
    if (scene.isNewObject(type)) return []
    const object = `${shown(type)} '${newVal}'`
    const after = scene.statements.slice(scene.statements.indexOf(statement) + 1)
    const user = after.find(
      (other) => transaction !== null && other.transaction === transaction && uses(other.node, newVal),
    )
    const position =
      newValNeighbor === undefined
        ? [{ object, message: `The value '${newVal}' will sort behind every other of ${shown(type)}.` }]
        : []
    if (user === undefined) return position
    const message = `The value '${newVal}' is used in the transaction that adds it, which PostgreSQL refuses.`
    const remedy = 'Put what uses it into a later migration.'
    return [...position, { object, severity: 'P0' as const, offset: user.offset, message, remedy }]
  },
}

function uses(tree: unknown, value: string): boolean {
  return Array.from(walk(tree)).some(([kind, node]) => {
    const constant = kind === 'A_Const' ? (node['sval'] as { sval?: string } | undefined) : undefined
    return constant?.sval === value
  })
}
