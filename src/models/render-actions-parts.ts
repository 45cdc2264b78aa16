import type { Constraint, ForeignKeyConstraint, Index, ReferentialAction } from '../catalog/catalog.ts'
import type { Action } from '../migrations/migrations.ts'

type ActionOf<Type extends Action['type']> = Extract<Action, { readonly type: Type }>

const methods = ['btree', 'hash', 'gist', 'spgist', 'gin', 'brin'] as const

/** The action that builds an index; undefined where it has more than an action can say. */
export function indexAction(table: string, index: Index): ActionOf<'add_index'> | undefined {
  const method = methods.find((one) => one === index.method)
  const isPlain =
    index.constraint === null &&
    index.include.length === 0 &&
    !index.nullsNotDistinct &&
    !index.clustered &&
    !index.replicaIdentity &&
    index.partOf === null &&
    index.tablespace === null &&
    Object.keys(index.options).length === 0 &&
    index.comment === null
  const hasPlainKeys = index.keys.every(({ operatorClass, collation }) => operatorClass === null && collation === null)
  if (method === undefined || !isPlain || !hasPlainKeys) return undefined
  return {
    type: 'add_index',
    table,
    index: {
      name: index.name,
      columns: index.keys.map(keyOf),
      ...(index.unique && { unique: true }),
      ...(method !== 'btree' && { type: method }),
      ...(index.predicate !== null && { where: index.predicate }),
    },
  }
}

function keyOf(key: Index['keys'][number]) {
  const what = key.kind === 'column' ? { column: key.column } : { expression: key.expression }
  const usual = key.order === 'desc' ? 'first' : 'last'
  return {
    ...what,
    ...(key.order === 'desc' && { direction: 'DESC' as const }),
    ...(key.nulls !== usual && { nulls: key.nulls === 'first' ? ('FIRST' as const) : ('LAST' as const) }),
  }
}

/** The action that adds a check; undefined for what is none, or is not validated. */
export function checkAction(table: string, check: Constraint): ActionOf<'add_check'> | undefined {
  if (check.kind !== 'check' || check.noInherit || !check.validated || !check.enforced || check.comment !== null) {
    return undefined
  }
  return { type: 'add_check', table, check: { name: check.name, expression: check.expression } }
}

const actionNames: Readonly<
  Record<ReferentialAction, 'NO ACTION' | 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'SET DEFAULT'>
> = {
  no_action: 'NO ACTION',
  restrict: 'RESTRICT',
  cascade: 'CASCADE',
  set_null: 'SET NULL',
  set_default: 'SET DEFAULT',
}

/** Whether a foreign key is one that actions know. */
export function isActionForeignKey(key: Constraint): key is ForeignKeyConstraint {
  return key.kind === 'foreign_key' && !key.inherited
}

/** The action that adds a foreign key; undefined where it has more than an action can say. */
export function foreignKeyAction(
  table: string,
  key: Constraint,
  base: string,
): ActionOf<'add_foreign_key'> | undefined {
  if (!isActionForeignKey(key) || key.references.schema !== base) return undefined
  const isPlain =
    key.deferrable === 'no' &&
    key.validated &&
    key.enforced &&
    key.match === 'simple' &&
    key.onDeleteColumns.length === 0 &&
    !key.period &&
    key.comment === null
  // Its name is the server's; one of the author's own is given it afterwards.
  if (!isPlain) return undefined
  return {
    type: 'add_foreign_key',
    table,
    foreign_key: {
      columns: key.columns,
      referenced_table: key.references.name,
      referenced_columns: key.references.columns,
      ...(key.onDelete !== 'no_action' && { on_delete: actionNames[key.onDelete] }),
      ...(key.onUpdate !== 'no_action' && { on_update: actionNames[key.onUpdate] }),
    },
  }
}

/** The action that builds the index of a unique constraint, which the constraint then takes over. */
export function uniqueIndexAction(table: string, constraint: Constraint): ActionOf<'add_index'> | undefined {
  if (constraint.kind !== 'unique' || constraint.comment !== null) return undefined
  if (constraint.include.length > 0 || constraint.nullsNotDistinct || constraint.withoutOverlaps) return undefined
  const columns = constraint.columns.map((column) => ({ column }))
  return { type: 'add_index', table, index: { name: constraint.name, columns, unique: true } }
}
