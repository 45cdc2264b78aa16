import type { Index, Table } from '../../../catalog/catalog.ts'
import type { Hazard, Report } from '../hazard.ts'
import { fixOf, withoutWords } from '../rewrites.ts'
import type { Scene } from '../scene.ts'
import type { SeenStatement } from '../seen-statement.ts'
import { alterations, refOf, shown, type NodeOf } from '../tree.ts'
import { typeShape } from '../type-names.ts'

/**
 * IF NOT EXISTS, which takes any object of that name for the right one. For a concurrent index the engine looks whether it is
 * valid, and builds it anew if not; so without a catalog only the others are told.
 */
export const ifNotExists: Hazard = {
  id: 'H40',
  code: 'if_not_exists',
  title: 'IF NOT EXISTS that hides an invalid index or a different object',
  severity: 'P2',
  why: 'An index that a failed build left invalid, or an object of that name with another definition, makes the statement succeed without doing anything, and what relies on it is wrong.',
  remedy:
    'Leave IF NOT EXISTS out: a migration is applied exactly once. Where the object may be there, adopt it, or compare its definition.',
  silence:
    'Where the catalog shows that no such object is there, or that it is the same; for an index on a table that is new.',
  needs: ['S', 'C'],
  detect(statement, scene) {
    const { node } = statement
    if ('IndexStmt' in node && node.IndexStmt.if_not_exists) return indexReport(statement, node.IndexStmt, scene)
    if ('CreateStmt' in node && node.CreateStmt.if_not_exists) return tableReport(statement, node.CreateStmt, scene)
    return alterations(node, 'AT_AddColumn').flatMap(({ table, command: { missing_ok: skips, def } }) => {
      const column = def && 'ColumnDef' in def ? def.ColumnDef : undefined
      if (!skips || column === undefined || (scene.isNew(table) && scene.catalog !== undefined)) return []
      const name = column.colname ?? ''
      const object = `${shown(table)}.${name}`
      if (scene.catalog === undefined) return [offline(statement, scene, object, 'column')]
      const known = scene.typeOf(table, name)
      if (known === undefined || JSON.stringify(known) === JSON.stringify(typeShape(column.typeName))) return []
      return [different(object, `There is a column ${object} of another type`)]
    })
  },
}

function indexReport(statement: SeenStatement, index: NodeOf<'IndexStmt'>, scene: Scene): Report[] {
  const table = refOf(index.relation)
  const ref = { schema: table.schema, name: index.idxname ?? '' }
  if (scene.catalog === undefined) {
    return index.concurrent || scene.isNew(table) ? [] : [offline(statement, scene, shown(ref), 'index')]
  }
  const found = scene.index(ref)
  if (found === undefined) return []
  if (!isSameIndex(found, index)) return [different(shown(ref), `There is an index ${shown(ref)} on something else`)]
  if (found.index.valid || index.concurrent) return []
  return [different(shown(ref), `The index ${shown(ref)} that is there is invalid, so no query uses it`)]
}

function isSameIndex({ table, index }: { table: Table; index: Index }, statement: NodeOf<'IndexStmt'>): boolean {
  const keys = (statement.indexParams ?? []).map((item) => ('IndexElem' in item ? item.IndexElem.name : undefined))
  return (
    table.name === statement.relation?.relname &&
    index.unique === (statement.unique === true) &&
    index.method === (statement.accessMethod ?? 'btree') &&
    (index.predicate === null) === (statement.whereClause === undefined) &&
    index.keys.length === keys.length &&
    // An expression is printed in other words than it was written in, so only columns are compared.
    index.keys.every((key, place) => (key.kind === 'column' ? key.column === keys[place] : keys[place] === undefined))
  )
}

function tableReport(
  statement: SeenStatement,
  { relation, tableElts = [] }: NodeOf<'CreateStmt'>,
  scene: Scene,
): Report[] {
  const ref = refOf(relation)
  if (scene.catalog === undefined)
    return relation?.relpersistence === 't' ? [] : [offline(statement, scene, shown(ref), 'table')]
  const found = scene.table(ref)
  if (found === undefined) return []
  const columns = tableElts.flatMap((item) => ('ColumnDef' in item ? [item.ColumnDef] : []))
  const missing = columns.filter(({ colname }) => !found.columns.some(({ name }) => name === colname))
  const others = columns.filter(({ colname = '', typeName }) => {
    const known = scene.typeOf(ref, colname)
    return known !== undefined && JSON.stringify(known) !== JSON.stringify(typeShape(typeName))
  })
  const [odd] = [...missing, ...others]
  if (odd === undefined) return []
  const verb = missing.includes(odd) ? 'without a column' : 'with another type for'
  return [different(shown(ref), `There is a table ${shown(ref)} ${verb} ${odd.colname}`)]
}

function different(object: string, verdict: string): Report {
  return { object, severity: 'P1', message: `${verdict}, and IF NOT EXISTS will take it for the right one.` }
}

function offline(statement: SeenStatement, scene: Scene, object: string, kind: string): Report {
  return {
    object,
    message: `Any ${kind} called ${object} will be taken for the right one${kind === 'index' ? ', an invalid one as well' : ''}.`,
    fix: fixOf(statement, scene, 'Leave IF NOT EXISTS out.', [withoutWords(statement, ['if', 'not', 'exists'])]),
  }
}
