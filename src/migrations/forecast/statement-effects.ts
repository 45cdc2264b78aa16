import { calledFunctions, dropped, refOf, refOfNames, walk, type NodeOf, type ObjectRef } from '../check/tree.ts'
import type { Node } from '../sql/parser.ts'
import { alterTableEffects } from './alter-table.ts'
import { known, unknown, type Effect, type Effects, type ForecastScene } from './effect.ts'
import { indexEffects } from './index-effects.ts'
import { readTables, writeEffects } from './row-effects.ts'
import { tableLockModes } from './lock-mode.ts'

// What has no lock on a table that others use, and reads no rows.
const harmless = new Set([
  'AlterDefaultPrivilegesStmt',
  'AlterEnumStmt',
  'AlterExtensionStmt',
  'AlterFunctionStmt',
  'AlterRoleStmt',
  'CheckPointStmt',
  'CompositeTypeStmt',
  'CreateCastStmt',
  'CreateDomainStmt',
  'CreateEnumStmt',
  'CreateExtensionStmt',
  'CreateFunctionStmt',
  'CreateRangeStmt',
  'CreateRoleStmt',
  'CreateSchemaStmt',
  'CreateSeqStmt',
  'DefineStmt',
  'GrantRoleStmt',
  'GrantStmt',
  'ListenStmt',
  'NotifyStmt',
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
])

/** The locks that a statement takes and the work that it makes, before it runs; `scene` is what is there by then. */
export function statementEffects(node: Node, scene: ForecastScene): Effects {
  const [kind = ''] = Object.keys(node)
  if ('DoStmt' in node) return unknown('a DO block')
  if ('CallStmt' in node) return unknown('it calls a procedure')
  const own = calledFunctions(node).find((name) => isOwn(name, scene))
  if (own !== undefined && runsFunctions.has(kind)) return unknown(`it calls ${own}()`)
  const effects = schemaEffects(node, scene) ?? indexEffects(node, scene) ?? writeEffects(node)
  if (effects !== undefined) return known(...effects)
  return harmless.has(kind) ? known() : unknown(`${statementName(kind)}, of which nothing is known here`)
}

// Where a function of the project's own is called now, and not only named.
const runsFunctions = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

function isOwn(name: string, { catalog }: ForecastScene): boolean {
  return (catalog?.routines ?? []).some(
    (routine) => routine.name === name && 'volatility' in routine && routine.volatility === 'volatile',
  )
}

function schemaEffects(node: Node, scene: ForecastScene): Effect[] | undefined {
  if ('AlterTableStmt' in node) return alterEffects(node, scene)
  if ('CreateStmt' in node) return createTable(node.CreateStmt)
  if ('RenameStmt' in node) return renameEffects(node.RenameStmt)
  if ('DropStmt' in node) return dropEffects(node, scene)
  if ('TruncateStmt' in node) return exclusive(rangesOf(node.TruncateStmt.relations))
  if ('CreateTrigStmt' in node) return [{ table: refOf(node.CreateTrigStmt.relation), mode: 'share row exclusive' }]
  if ('RuleStmt' in node) return alone(refOf(node.RuleStmt.relation))
  if ('CreatePolicyStmt' in node) return alone(refOf(node.CreatePolicyStmt.table))
  if ('AlterPolicyStmt' in node) return alone(refOf(node.AlterPolicyStmt.table))
  if ('AlterObjectSchemaStmt' in node) return alone(refOf(node.AlterObjectSchemaStmt.relation))
  if ('AlterSeqStmt' in node) return [{ table: refOf(node.AlterSeqStmt.sequence), mode: 'share row exclusive' }]
  if ('CreateStatsStmt' in node) return weakly(rangesOf(node.CreateStatsStmt.relations))
  if ('CommentStmt' in node) return commentEffects(node.CommentStmt)
  if ('ViewStmt' in node) {
    const { replace, view, query } = node.ViewStmt
    const itself: Effect[] = replace ? exclusive([refOf(view)]) : []
    return [...itself, ...readTables(query).map((table): Effect => ({ table, mode: 'access share' }))]
  }
  if ('LockStmt' in node) {
    const mode = tableLockModes[(node.LockStmt.mode ?? tableLockModes.length) - 1] ?? 'access exclusive'
    return rangesOf(node.LockStmt.relations).map((table) => ({ table, mode }))
  }
  return undefined
}

function alterEffects(node: Extract<Node, { AlterTableStmt: unknown }>, scene: ForecastScene): Effect[] {
  const { relation, objtype } = node.AlterTableStmt
  if (objtype === 'OBJECT_TABLE') return alterTableEffects(node, scene)
  // An index attached to that of a partitioned table, a view with other options: short, and nobody may look meanwhile.
  return exclusive([refOf(relation)])
}

function createTable({ tableElts = [], constraints = [], inhRelations = [], partbound }: NodeOf<'CreateStmt'>) {
  const parents = rangesOf(inhRelations).map((table): Effect => ({
    table,
    mode: partbound === undefined ? 'share update exclusive' : 'access exclusive',
    alone: true,
  }))
  const keys = [...walk([tableElts, constraints])].flatMap(([kind, value]): Effect[] => {
    const one = kind === 'Constraint' ? (value as NodeOf<'Constraint'>) : undefined
    return one?.contype === 'CONSTR_FOREIGN' ? [{ table: refOf(one.pktable), mode: 'share row exclusive' }] : []
  })
  const likes = tableElts.flatMap((element): Effect[] =>
    'TableLikeClause' in element ? [{ table: refOf(element.TableLikeClause.relation), mode: 'access share' }] : [],
  )
  return [...parents, ...keys, ...likes]
}

function renameEffects({ renameType, relation }: NodeOf<'RenameStmt'>): Effect[] {
  if (relation === undefined) return []
  const mode = renameType === 'OBJECT_INDEX' ? 'share update exclusive' : 'access exclusive'
  return [{ table: refOf(relation), mode, ...(renameType === 'OBJECT_TABLE' && { alone: true }) }]
}

function dropEffects(node: Extract<Node, { DropStmt: unknown }>, scene: ForecastScene): Effect[] | undefined {
  const { removeType, objects = [] } = node.DropStmt
  if (removeType === 'OBJECT_INDEX') return undefined
  if (removeType === 'OBJECT_TABLE') {
    const tables = dropped(node, 'OBJECT_TABLE')
    const targets = tables.flatMap((table) =>
      (scene.table(table)?.constraints ?? []).flatMap((one) =>
        one.kind === 'foreign_key' ? [{ schema: one.references.schema, name: one.references.name }] : [],
      ),
    )
    return exclusive([...tables, ...targets])
  }
  // Named by their table: the last name is the object's own.
  if (removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_POLICY' || removeType === 'OBJECT_RULE') {
    return exclusive(
      objects.flatMap((object) => ('List' in object ? [refOfNames((object.List.items ?? []).slice(0, -1))] : [])),
    )
  }
  if (removeType === 'OBJECT_VIEW' || removeType === 'OBJECT_MATVIEW' || removeType === 'OBJECT_SEQUENCE') {
    return exclusive(dropped(node, removeType))
  }
  return []
}

function commentEffects({ objtype, object }: NodeOf<'CommentStmt'>): Effect[] {
  if (object === undefined || !('List' in object)) return []
  const names = object.List.items ?? []
  if (objtype === 'OBJECT_TABLE' || objtype === 'OBJECT_VIEW') return weakly([refOfNames(names)])
  return objtype === 'OBJECT_COLUMN' ? weakly([refOfNames(names.slice(0, -1))]) : []
}

function exclusive(tables: readonly ObjectRef[]): Effect[] {
  return tables.map((table) => ({ table, mode: 'access exclusive' }))
}

function alone(table: ObjectRef): Effect[] {
  return table.name === '' ? [] : [{ table, mode: 'access exclusive', alone: true }]
}

function weakly(tables: readonly ObjectRef[]): Effect[] {
  return tables.map((table) => ({ table, mode: 'share update exclusive', alone: true }))
}

function rangesOf(nodes: readonly Node[] | undefined): ObjectRef[] {
  return (nodes ?? []).flatMap((node) => ('RangeVar' in node ? [refOf(node.RangeVar)] : []))
}

// `AlterDomainStmt` as people say it.
function statementName(kind: string): string {
  const words = kind.replace(/Stmt$/, '').replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
  return `a statement of the kind ${words.toUpperCase()}`
}
