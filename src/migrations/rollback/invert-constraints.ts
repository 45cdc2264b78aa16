import type { Action, AddCheck, AddForeignKey, AddIndex, RemoveIndex } from '../actions/action.ts'
import { madeUpName } from '../actions/made-up-name.ts'
import type { Inverting } from './inversion.ts'
import { knownTable } from './invert-columns.ts'
import { findColumn, findTable, type ModelColumn, type ModelIndex, type ModelTable } from './model.ts'
import { restoreConstraint, restoreIndex } from './restore.ts'

/** An index that was added goes. */
export function invertAddIndex({ table: name, index }: AddIndex, it: Inverting): Action[] {
  const table = knownTable(name, it)
  if (table === undefined) return []
  const { columns, unique, type, where } = index
  const keys = columns.flatMap(({ column, expression, direction, nulls }): ModelIndex['keys'] => {
    const order = { ...(direction !== undefined && { direction }), ...(nulls !== undefined && { nulls }) }
    if (expression !== undefined) return [{ expression, ...order }]
    const found = column === undefined ? undefined : findColumn(table, column)
    return found === undefined ? [] : [{ column: found, ...order }]
  })
  table.indexes.push({
    name: index.name,
    keys,
    rest: { ...(unique === true && { unique }), ...(type && { type }), ...(where !== undefined && { where }) },
    columns: keys.flatMap((key) => ('column' in key ? [key.column] : [])),
    definition: null,
    writtenAt: table.renames,
  })
  return [{ type: 'remove_index', index: index.name }]
}

/** An index that was removed is built again. */
export function invertRemoveIndex({ index: name }: RemoveIndex, it: Inverting): Action[] {
  for (const table of it.model.tables) {
    const index = table.removed ? undefined : table.indexes.find((one) => one.name === name)
    if (index === undefined) continue
    table.indexes = table.indexes.filter((one) => one !== index)
    return restoreIndex(table, index, it)
  }
  it.obstacles.push(`How index ${name} was before it is not known.`)
  return []
}

/** A foreign key that was added goes. */
export function invertAddForeignKey({ table: name, foreign_key }: AddForeignKey, it: Inverting): Action[] {
  const table = knownTable(name, it)
  if (table === undefined) return []
  return [{ type: 'remove_foreign_key', table: name, foreign_key: addForeignKey(table, foreign_key, it) }]
}

/** Notes a foreign key, and says what it is called. */
export function addForeignKey(table: ModelTable, key: AddForeignKey['foreign_key'], { model }: Inverting): string {
  const { columns, referenced_table, referenced_columns, on_delete, on_update } = key
  const constraint = madeUpName(table.name, columns.join('_'), 'fkey')
  const references = findTable(model, referenced_table)
  const found = (of: ModelTable, names: readonly string[]): ModelColumn[] =>
    names.flatMap((one) => findColumn(of, one) ?? [])
  if (references !== undefined) {
    const referenced = found(references, referenced_columns)
    table.constraints.push({
      name: constraint,
      columns: found(table, columns),
      rule: { kind: 'foreign_key', references, referenced, on_delete, on_update },
      definition: null,
      writtenAt: table.renames,
    })
  }
  return constraint
}

/** A check that was added goes. */
export function invertAddCheck({ table: name, check }: AddCheck, it: Inverting): Action[] {
  const table = knownTable(name, it)
  if (table === undefined) return []
  addCheck(table, check)
  return [{ type: 'remove_check', table: name, check: check.name }]
}

/** Notes a check. */
export function addCheck(table: ModelTable, check: AddCheck['check']): void {
  table.constraints.push({
    name: check.name,
    columns: [],
    rule: { kind: 'check', check },
    definition: null,
    writtenAt: table.renames,
  })
}

/** A foreign key or a check that was removed comes back. */
export function invertRemoveConstraint(tableName: string, name: string, it: Inverting): Action[] {
  const table = knownTable(tableName, it)
  if (table === undefined) return []
  const constraint = table.constraints.find((one) => one.name === name)
  if (constraint === undefined) {
    it.obstacles.push(`How constraint ${name} of ${table.name} was before it is not known.`)
    return []
  }
  table.constraints = table.constraints.filter((one) => one !== constraint)
  return restoreConstraint(table, constraint, it)
}
