import {
  alterations,
  calledFunctions,
  constraintsOf,
  refOf,
  stringsOf,
  type Alteration,
  type NodeOf,
  type ObjectRef,
} from '../check/tree.ts'
import { isSerial, typeChange, typeShape } from '../check/type-names.ts'
import { isVolatile } from '../check/volatile-functions.ts'
import type { Node } from '../sql/parser.ts'
import type { Effect, ForecastScene } from './effect.ts'
import type { TableLockMode } from './lock-mode.ts'

type Subtype = NonNullable<NodeOf<'AlterTableCmd'>['subtype']>

// Everything that is not listed takes ACCESS EXCLUSIVE (PostgreSQL manual, ALTER TABLE, at each form).
const weaker: Readonly<Partial<Record<Subtype, TableLockMode>>> = {
  AT_SetStatistics: 'share update exclusive',
  AT_SetOptions: 'share update exclusive',
  AT_ResetOptions: 'share update exclusive',
  AT_ClusterOn: 'share update exclusive',
  AT_DropCluster: 'share update exclusive',
  AT_ValidateConstraint: 'share update exclusive',
  AT_AttachPartition: 'share update exclusive',
  AT_DetachPartitionFinalize: 'share update exclusive',
  AT_EnableTrig: 'share row exclusive',
  AT_EnableAlwaysTrig: 'share row exclusive',
  AT_EnableReplicaTrig: 'share row exclusive',
  AT_EnableTrigAll: 'share row exclusive',
  AT_EnableTrigUser: 'share row exclusive',
  AT_DisableTrig: 'share row exclusive',
  AT_DisableTrigAll: 'share row exclusive',
  AT_DisableTrigUser: 'share row exclusive',
}

// What partitions do not follow.
const ofItself = new Set<Subtype>([
  'AT_AttachPartition',
  'AT_ChangeOwner',
  'AT_DetachPartition',
  'AT_DetachPartitionFinalize',
  'AT_DisableTrig',
  'AT_DisableTrigAll',
  'AT_DisableTrigUser',
  'AT_EnableTrig',
  'AT_EnableTrigAll',
  'AT_EnableTrigUser',
  'AT_EnableRowSecurity',
  'AT_DisableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_NoForceRowSecurity',
  'AT_ReplicaIdentity',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
])

/** What an ALTER TABLE does to its table and to those that it refers to. */
export function alterTableEffects(node: Node, scene: ForecastScene): Effect[] {
  return alterations(node).flatMap((alteration) => {
    const { table, command } = alteration
    const own: Effect = {
      table,
      mode: modeOf(command),
      ...(command.subtype && ofItself.has(command.subtype) && { alone: true }),
    }
    switch (command.subtype) {
      case 'AT_AddColumn':
        return addColumn(alteration, scene)
      case 'AT_AddConstraint':
        return command.def && 'Constraint' in command.def ? constraint(table, command.def.Constraint, scene) : [own]
      case 'AT_ValidateConstraint':
        return validate(alteration, scene)
      case 'AT_DropConstraint':
        return [own, ...referenced(table, command.name ?? '', scene).map((ref) => ({ ...own, table: ref }))]
      case 'AT_SetNotNull':
        return [{ ...own, work: mayHoldNulls(table, command.name ?? '', scene) ? 'scan' : undefined }]
      case 'AT_AlterColumnType':
        return [{ ...own, ...retype(alteration, scene) }]
      case 'AT_SetLogged':
      case 'AT_SetUnLogged':
      case 'AT_SetTableSpace':
      case 'AT_SetAccessMethod':
      case 'AT_SetExpression':
        return [{ ...own, work: 'rewrite' }]
      case 'AT_AttachPartition':
        return [own, { table: partitionOf(command), mode: 'access exclusive', work: 'scan', atMost: true }]
      case 'AT_DetachPartition':
        // PostgreSQL 13 takes the weaker lock of the partition.
        return [
          own,
          { table: partitionOf(command), mode: scene.serverMajor < 14 ? 'share update exclusive' : own.mode },
        ]
      case 'AT_AddInherit':
        return [own, { table: parentOf(command), mode: 'share update exclusive' }]
      default:
        return [own]
    }
  })
}

function modeOf({ subtype, def }: NodeOf<'AlterTableCmd'>): TableLockMode {
  if (subtype === 'AT_DetachPartition' && def && 'PartitionCmd' in def && def.PartitionCmd.concurrent) {
    return 'share update exclusive'
  }
  if (subtype === 'AT_SetRelOptions' || subtype === 'AT_ResetRelOptions') return storageMode(def)
  return (subtype && weaker[subtype]) ?? 'access exclusive'
}

// What logical decoding reads of a table changes only while nobody reads it.
function storageMode(def: Node | undefined): TableLockMode {
  const options = def && 'List' in def ? (def.List.items ?? []) : []
  const names = options.flatMap((option) => ('DefElem' in option ? [option.DefElem.defname] : []))
  return names.includes('user_catalog_table') ? 'access exclusive' : 'share update exclusive'
}

function addColumn({ table, command: { def } }: Alteration, scene: ForecastScene): Effect[] {
  const own: Effect = { table, mode: 'access exclusive' }
  if (!def || !('ColumnDef' in def)) return [own]
  const column = def.ColumnDef
  const constraints = constraintsOf(column)
  const value = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')
  const computed =
    isSerial(column.typeName) ||
    constraints.some(
      ({ contype, generated_kind: kind }) =>
        contype === 'CONSTR_IDENTITY' || (contype === 'CONSTR_GENERATED' && kind !== 'v'),
    ) ||
    calledFunctions(value?.raw_expr).some((name) => isVolatile(name, scene))
  const others = constraints.flatMap((one) => constraint(table, one, scene))
  return [{ ...own, work: computed ? 'evaluate' : undefined }, ...others.map((effect) => atLeast(effect, own))]
}

// What is added with a column holds the column's lock.
function atLeast(effect: Effect, own: Effect): Effect {
  return effect.table === own.table ? { ...effect, mode: own.mode } : effect
}

/** What a constraint that is added does, as an effect on its table and on the one that it refers to. */
function constraint(table: ObjectRef, one: NodeOf<'Constraint'>, scene: ForecastScene): Effect[] {
  const own: Effect = { table, mode: 'access exclusive' }
  switch (one.contype) {
    case 'CONSTR_FOREIGN':
      return [
        { table, mode: 'share row exclusive', work: one.skip_validation === true ? undefined : 'lookup' },
        { table: refOf(one.pktable), mode: 'share row exclusive' },
      ]
    case 'CONSTR_CHECK':
      return [{ ...own, work: one.skip_validation === true ? undefined : 'scan' }]
    case 'CONSTR_NOTNULL': {
      const column = stringsOf(one.keys)[0]
      const proven = column === undefined || !mayHoldNulls(table, column, scene)
      return [{ ...own, work: one.skip_validation === true || proven ? undefined : 'scan' }]
    }
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION': {
      if (one.indexname === undefined) return [{ ...own, work: 'index' }]
      const nullable =
        one.contype === 'CONSTR_PRIMARY' &&
        (scene.index({ schema: table.schema, name: one.indexname })?.index.keys ?? []).some(
          (key) => key.kind === 'column' && mayHoldNulls(table, key.column, scene),
        )
      return [{ ...own, work: nullable ? 'scan' : undefined }]
    }
    default:
      return []
  }
}

function validate({ table, command: { name = '' } }: Alteration, scene: ForecastScene): Effect[] {
  const kind = scene.constraint(table, name)?.kind
  const own: Effect = { table, mode: 'share update exclusive', work: kind === 'foreign_key' ? 'lookup' : 'scan' }
  return [own, ...referenced(table, name, scene).map((ref): Effect => ({ table: ref, mode: 'row share' }))]
}

function retype(
  { table, command: { name = '', def } }: Alteration,
  scene: ForecastScene,
): Pick<Effect, 'work' | 'atMost'> {
  if (!def || !('ColumnDef' in def)) return { work: 'rewrite', atMost: true }
  const from = scene.typeOf(table, name)
  // What USING computes decides whether rows stay as they are.
  if (from === undefined || def.ColumnDef.raw_default !== undefined) return { work: 'rewrite', atMost: true }
  return typeChange(from, typeShape(def.ColumnDef.typeName)).rewrites ? { work: 'rewrite' } : {}
}

function mayHoldNulls(table: ObjectRef, column: string, scene: ForecastScene): boolean {
  return scene.isNullable(table, column) !== false && !scene.isProvenNotNull(table, column)
}

/** The tables that a constraint of the catalog refers to. */
function referenced(table: ObjectRef, name: string, scene: ForecastScene): ObjectRef[] {
  return (scene.table(table)?.constraints ?? []).flatMap((one) =>
    one.name === name && one.kind === 'foreign_key'
      ? [{ schema: one.references.schema, name: one.references.name }]
      : [],
  )
}

function partitionOf({ def }: NodeOf<'AlterTableCmd'>): ObjectRef {
  return refOf(def && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined)
}

function parentOf({ def }: NodeOf<'AlterTableCmd'>): ObjectRef {
  return refOf(def && 'RangeVar' in def ? def.RangeVar : undefined)
}
