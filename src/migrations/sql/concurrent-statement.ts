import type { ConcurrentIndex } from '../step.ts'
import type { Node } from './parser.ts'

/** The one index that a statement builds, drops or rebuilds CONCURRENTLY; undefined for every other statement. */
export function concurrentIndex(node: Node): ConcurrentIndex | undefined {
  if ('IndexStmt' in node && node.IndexStmt.concurrent) {
    const { relation, idxname, if_not_exists: ifNotExists = false } = node.IndexStmt
    // An index is made in the schema of its table.
    return { operation: 'create', schema: relation?.schemaname ?? null, name: idxname ?? null, ifNotExists }
  }
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_INDEX' && node.DropStmt.concurrent) {
    const [object] = node.DropStmt.objects ?? []
    const path = object && 'List' in object ? (object.List.items ?? []).map(text) : []
    const ifNotExists = false
    return { operation: 'drop', schema: path.at(-2) ?? null, name: path.at(-1) ?? null, ifNotExists }
  }
  if ('ReindexStmt' in node && isOn(node.ReindexStmt.params, 'concurrently', false)) {
    const { kind, relation } = node.ReindexStmt
    if (kind !== 'REINDEX_OBJECT_INDEX') return undefined
    const schema = relation?.schemaname ?? null
    return { operation: 'reindex', schema, name: relation?.relname ?? null, ifNotExists: false }
  }
  return undefined
}

/** Whether an option such as `(concurrently)`, `create_slot = off` is on, as PostgreSQL reads a Boolean option. */
export function isOn(options: readonly Node[] | undefined, name: string, otherwise: boolean): boolean {
  const option = options?.findLast((node) => 'DefElem' in node && node.DefElem.defname === name)
  if (option === undefined || !('DefElem' in option)) return otherwise
  const { arg } = option.DefElem
  if (arg === undefined) return true
  if ('Integer' in arg) return arg.Integer.ival === 1
  if ('Boolean' in arg) return arg.Boolean.boolval === true
  return 'String' in arg && ['true', 'on'].includes((arg.String.sval ?? '').toLowerCase())
}

function text(node: Node): string {
  return 'String' in node ? (node.String.sval ?? '') : ''
}
