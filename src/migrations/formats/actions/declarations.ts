import * as z from 'zod'
import { MetastoreError } from '../../../errors.ts'
import { nearest } from '../../../nearest.ts'
import type { ActionDeclaration } from './declaration.ts'
import { addCheck } from './declarations/add-check.ts'
import { addColumn } from './declarations/add-column.ts'
import { addForeignKey } from './declarations/add-foreign-key.ts'
import { addIndex } from './declarations/add-index.ts'
import { alterColumn } from './declarations/alter-column.ts'
import { alterEnum } from './declarations/alter-enum.ts'
import { createEnum } from './declarations/create-enum.ts'
import { createTable } from './declarations/create-table.ts'
import { custom } from './declarations/custom.ts'
import { removeCheck } from './declarations/remove-check.ts'
import { removeColumn } from './declarations/remove-column.ts'
import { removeEnum } from './declarations/remove-enum.ts'
import { removeForeignKey } from './declarations/remove-foreign-key.ts'
import { removeIndex } from './declarations/remove-index.ts'
import { removeTable } from './declarations/remove-table.ts'
import { renameTable } from './declarations/rename-table.ts'
import { tenantIsolation } from './declarations/tenant-isolation.ts'
import { migrationName, structures, text } from './schema.ts'
import { listed } from './unknown-keys.ts'

/** Every action there is, in the order of the manual. */
export const actionDeclarations: readonly ActionDeclaration[] = [
  createTable,
  renameTable,
  removeTable,
  addColumn,
  alterColumn,
  removeColumn,
  addIndex,
  removeIndex,
  addForeignKey,
  removeForeignKey,
  addCheck,
  removeCheck,
  createEnum,
  alterEnum,
  removeEnum,
  tenantIsolation,
  custom,
]

/** What the actions are called, in the order of the manual. */
export const actionTypes: readonly string[] = actionDeclarations.map(({ type }) => type)

/** One action, chosen by its type. */
const action = z.discriminatedUnion('type', [
  createTable.schema,
  renameTable.schema,
  removeTable.schema,
  addColumn.schema,
  alterColumn.schema,
  removeColumn.schema,
  addIndex.schema,
  removeIndex.schema,
  addForeignKey.schema,
  removeForeignKey.schema,
  addCheck.schema,
  removeCheck.schema,
  createEnum.schema,
  alterEnum.schema,
  removeEnum.schema,
  tenantIsolation.schema,
  custom.schema,
])

/** A whole file of actions. */
export const actionFile = z
  .strictObject({
    $schema: z.string().describe('where editors find the schema of this file; it means nothing else').optional(),
    name: migrationName('the name of the migration; that of the file unless said').optional(),
    description: text('what it is for, in words; the history keeps it').optional(),
    actions: z.array(action).describe('what it does, in this order'),
  })
  .register(structures, { structure: 'File' })

/** The declaration of an action. Throws `usage` for one that there is not. */
export function declarationOf(type: string): ActionDeclaration {
  const declaration = actionDeclarations[actionTypes.indexOf(type)]
  if (declaration !== undefined) return declaration
  const close = nearest(type, actionTypes)
  throw new MetastoreError({
    code: 'usage',
    message: `There is no action ${JSON.stringify(type)}.`,
    where: '--action',
    remedy: close === undefined ? `Actions are ${listed(actionTypes)}.` : `Did you mean ${close}?`,
  })
}
