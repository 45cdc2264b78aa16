import type { Action } from './action.ts'
import { compileAddCheck } from './add-check.ts'
import { compileAddColumn } from './add-column.ts'
import { compileAddForeignKey } from './add-foreign-key.ts'
import { compileAddIndex } from './add-index.ts'
import { compileAlterColumn } from './alter-column.ts'
import type { ActionContext } from './context.ts'
import { compileCreateTable } from './create-table.ts'
import { compileCustom } from './custom.ts'
import { compileAlterEnum, compileCreateEnum, compileRemoveEnum } from './enums.ts'
import { compileRemoveColumn } from './remove-column.ts'
import { compileRemoveCheck, compileRemoveForeignKey } from './remove-constraint.ts'
import { compileRemoveIndex } from './remove-index.ts'
import { compileRemoveTable } from './remove-table.ts'
import { compileRenameTable } from './rename-table.ts'
import { compileTenantIsolation } from './tenant-isolation.ts'

/** Changes the draft as an action says; whatever is wrong is added to the draft's problems. */
export function compileAction(action: Action, context: ActionContext): void {
  switch (action.type) {
    case 'create_table':
      return compileCreateTable(action, context)
    case 'rename_table':
      return compileRenameTable(action, context)
    case 'remove_table':
      return compileRemoveTable(action, context)
    case 'add_column':
      return compileAddColumn(action, context)
    case 'alter_column':
      return compileAlterColumn(action, context)
    case 'remove_column':
      return compileRemoveColumn(action, context)
    case 'add_index':
      return compileAddIndex(action, context)
    case 'remove_index':
      return compileRemoveIndex(action, context)
    case 'add_foreign_key':
      return compileAddForeignKey(action, context)
    case 'remove_foreign_key':
      return compileRemoveForeignKey(action, context)
    case 'create_enum':
      return compileCreateEnum(action, context)
    case 'alter_enum':
      return compileAlterEnum(action, context)
    case 'remove_enum':
      return compileRemoveEnum(action, context)
    case 'add_check':
      return compileAddCheck(action, context)
    case 'remove_check':
      return compileRemoveCheck(action, context)
    case 'tenant_isolation':
      return compileTenantIsolation(action, context)
    case 'custom':
      return compileCustom(action, context)
  }
}
