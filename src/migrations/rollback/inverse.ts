import type { Action } from '../actions/action.ts'
import { openTenants } from '../tenant-policy.ts'
import { invertAddColumn, invertAlterColumn, invertRemoveColumn, knownTable } from './invert-columns.ts'
import {
  invertAddCheck,
  invertAddForeignKey,
  invertAddIndex,
  invertRemoveConstraint,
  invertRemoveIndex,
} from './invert-constraints.ts'
import { invertAlterEnum, invertCreateEnum, invertRemoveEnum } from './invert-enums.ts'
import { invertCreateTable, invertRemoveTable, invertRenameTable } from './invert-tables.ts'
import type { Inversion, Inverting } from './inversion.ts'
import type { Model, ModelColumn, ModelTable } from './model.ts'

/** One migration that is to be undone. */
export interface ToInvert {
  readonly name: string
  readonly actions: readonly Action[]
  /** Adds to the model what the next script of the batch has made at the start. */
  readonly afterScript?: () => void
}

/**
 * Derives the actions that undo a migration, from what it did to the schema before it; afterwards the model is the schema after
 * it. Pure but for that.
 */
export function inverseOf({ name, actions, afterScript = () => {} }: ToInvert, model: Model, base: string): Inversion {
  const it: Inverting = { model, base, migration: name, afterScript, losses: [], obstacles: [], remarks: [], late: [] }
  const before = model.tables.map((table) => ({ name: table.name, columns: shownColumns(table) }))
  const inverses = actions.map((action) => invert(action, it))
  const { losses, obstacles, remarks, late } = it
  // Names may change meanwhile, but not what was removed.
  const columnOrder = Object.fromEntries(
    before.flatMap((table) =>
      table.columns.some(({ column }) => column.removed)
        ? [[table.name, table.columns.map((column) => column.name)] as const]
        : [],
    ),
  )
  return { name, actions: [...inverses.reverse().flat(), ...late], losses, obstacles, remarks, columnOrder }
}

function shownColumns({ columns }: ModelTable): { readonly name: string; readonly column: ModelColumn }[] {
  return columns.flatMap((column) => (column.removed ? [] : [{ name: column.declaration.name, column }]))
}

function invert(action: Action, it: Inverting): Action[] {
  switch (action.type) {
    case 'create_table':
      return invertCreateTable(action, it)
    case 'rename_table':
      return invertRenameTable(action, it)
    case 'remove_table':
      return invertRemoveTable(action, it)
    case 'add_column':
      return invertAddColumn(action, it)
    case 'alter_column':
      return invertAlterColumn(action, it)
    case 'remove_column':
      return invertRemoveColumn(action, it)
    case 'add_index':
      return invertAddIndex(action, it)
    case 'remove_index':
      return invertRemoveIndex(action, it)
    case 'add_foreign_key':
      return invertAddForeignKey(action, it)
    case 'remove_foreign_key':
      return invertRemoveConstraint(action.table, action.foreign_key, it)
    case 'create_enum':
      return invertCreateEnum(action, it)
    case 'alter_enum':
      return invertAlterEnum(action, it)
    case 'remove_enum':
      return invertRemoveEnum(action, it)
    case 'add_check':
      return invertAddCheck(action, it)
    case 'remove_check':
      return invertRemoveConstraint(action.table, action.check, it)
    case 'tenant_isolation':
      return invertTenantIsolation(action, it)
    case 'custom':
      return invertCustom(action, it)
  }
}

// It began with a table whose row-level security was off.
function invertTenantIsolation({ table }: Extract<Action, { type: 'tenant_isolation' }>, it: Inverting): Action[] {
  if (knownTable(table, it) === undefined) return []
  it.remarks.push(`Roles keep the rights that they got to table ${table}; all of its rows are theirs to see again.`)
  const statements = openTenants(it.base, table).map((statement) => `${statement.inline('postgres')};`)
  return [{ type: 'custom', complete: statements.join('\n') }]
}

// Nobody but its author knows what SQL does, so nobody else can say how to undo it.
function invertCustom({ start, complete, abort }: Extract<Action, { type: 'custom' }>, it: Inverting): Action[] {
  if (!isBlank(start)) it.afterScript()
  if (isBlank(start) && isBlank(complete)) return []
  if (isBlank(abort)) {
    it.obstacles.push('It runs SQL of its own (custom), and has no abort that says how to undo it.')
    return []
  }
  if (!isBlank(complete)) {
    it.remarks.push('What its custom complete did is undone as far as its abort does that.')
  }
  return [{ type: 'custom', complete: abort }]
}

function isBlank(text: string | undefined): text is undefined {
  return text === undefined || text.trim() === ''
}
