import type { Scene } from '../check/scene.ts'
import { dropped, optionOf, refOf, type NodeOf, type ObjectRef } from '../check/tree.ts'
import type { Node } from '../sql/parser.ts'
import type { Effect } from './effect.ts'

/** What statements about indexes, and about how tables are stored, do; undefined for every other one. */
export function indexEffects(node: Node, scene: Scene): Effect[] | undefined {
  if ('IndexStmt' in node) {
    const { relation, concurrent } = node.IndexStmt
    return [{ table: refOf(relation), mode: concurrent ? 'share update exclusive' : 'share', work: 'index' }]
  }
  if ('DropStmt' in node) {
    const mode = node.DropStmt.concurrent ? 'share update exclusive' : 'access exclusive'
    return dropped(node, 'OBJECT_INDEX').map((index) => ({ table: tableOf(index, scene), mode }))
  }
  if ('ReindexStmt' in node) return reindex(node.ReindexStmt, scene)
  if ('ClusterStmt' in node) {
    return [{ table: refOf(node.ClusterStmt.relation), mode: 'access exclusive', work: 'rewrite' }]
  }
  if ('VacuumStmt' in node) return vacuum(node.VacuumStmt)
  if ('RefreshMatViewStmt' in node) {
    const { relation, concurrent } = node.RefreshMatViewStmt
    return [{ table: refOf(relation), mode: concurrent ? 'exclusive' : 'access exclusive', work: 'rewrite' }]
  }
  return undefined
}

function reindex({ kind, relation, params }: NodeOf<'ReindexStmt'>, scene: Scene): Effect[] | undefined {
  if (relation === undefined) return undefined
  const ref = refOf(relation)
  const table = kind === 'REINDEX_OBJECT_INDEX' ? tableOf(ref, scene) : ref
  const concurrently = (params ?? []).some((one) => 'DefElem' in one && one.DefElem.defname === 'concurrently')
  return [{ table, mode: concurrently ? 'share update exclusive' : 'share', work: 'index' }]
}

function vacuum({ rels = [], options, is_vacuumcmd: isVacuum }: NodeOf<'VacuumStmt'>): Effect[] | undefined {
  const tables = rels.flatMap((rel) => ('VacuumRelation' in rel ? [refOf(rel.VacuumRelation.relation)] : []))
  // Without a name it is all tables, one after another.
  if (tables.length === 0) return undefined
  const isFull = (options ?? []).some((one) => 'DefElem' in one && one.DefElem.defname === 'full')
  const full = isFull && optionOf(options, 'full') === undefined
  return tables.map((table): Effect =>
    full
      ? { table, mode: 'access exclusive', work: 'rewrite' }
      : { table, mode: 'share update exclusive', alone: true, work: isVacuum ? 'scan' : undefined },
  )
}

// An index is locked with its table, which is what people wait for.
function tableOf(index: ObjectRef, scene: Scene): ObjectRef {
  const found = scene.index(index)?.table
  return found === undefined ? index : { schema: found.schema, name: found.name }
}
