import { id, join, raw, sql } from '../../database/database.ts'
import type { Action } from '../actions/action.ts'
import { madeUpName } from '../actions/made-up-name.ts'
import type { Inverting } from './inversion.ts'
import { internalName } from '../batch/names.ts'
import { mentions, type ModelColumn, type ModelConstraint, type ModelIndex, type ModelTable } from './model.ts'

/** What puts a constraint back that went. */
export function restoreConstraint(table: ModelTable, constraint: ModelConstraint, it: Inverting): Action[] {
  const { name, columns, rule } = constraint
  const what = `constraint ${name} of ${table.name}`
  switch (rule.kind) {
    case 'check':
      if (isStale(table, constraint, what, it)) return []
      return [{ type: 'add_check', table: table.name, check: rule.check }]
    case 'foreign_key': {
      const { references, referenced, on_delete, on_update } = rule
      const own = columns.map(({ declaration }) => declaration.name)
      const madeUp = madeUpName(table.name, own.join('_'), 'fkey')
      const actions: Action[] = [
        {
          type: 'add_foreign_key',
          table: table.name,
          foreign_key: {
            columns: own,
            referenced_table: references.name,
            referenced_columns: referenced.map(({ declaration }) => declaration.name),
            ...(on_delete !== undefined && { on_delete }),
            ...(on_update !== undefined && { on_update }),
          },
        },
        ...(madeUp === name ? [] : [renameConstraint(table, madeUp, name)]),
      ]
      // What it refers to comes back only after this, without the rows that it refers to.
      if (!references.removed || references === table) return actions
      it.late.push(...(table.removed ? actions : uncheckedForeignKey(table, constraint, it)))
      return []
    }
    case 'written': {
      const { definition } = constraint
      if (definition === null || isStale(table, constraint, what, it)) return []
      const [where, called] = [table.name, name].map((one) => id(one).inline('postgres'))
      return [{ type: 'custom', complete: `alter table ${where} add constraint ${called} ${definition}` }]
    }
  }
}

// For the rows that refer to others which are gone; those that come are checked.
function uncheckedForeignKey(
  { name: table }: ModelTable,
  { name, columns, rule }: ModelConstraint,
  it: Inverting,
): Action[] {
  if (rule.kind !== 'foreign_key') return []
  const { references, referenced, on_delete, on_update } = rule
  it.remarks.push(
    `Foreign key ${name} of ${table} comes back unchecked (NOT VALID), since ${references.name} is empty.`,
  )
  const list = (some: readonly ModelColumn[]) => join(some.map(({ declaration }) => id(declaration.name)))
  const statement = sql`alter table ${id(table)} add constraint ${id(name)} foreign key (${list(columns)})
    references ${id(references.name)} (${list(referenced)})
    ${raw(on_delete === undefined ? '' : `on delete ${on_delete.toLowerCase()}`)}
    ${raw(on_update === undefined ? '' : `on update ${on_update.toLowerCase()}`)} not valid`
  return [{ type: 'custom', complete: statement.inline('postgres').replaceAll(/\s+/g, ' ') }]
}

/** What builds an index again that went. */
export function restoreIndex(table: ModelTable, index: ModelIndex, it: Inverting): Action[] {
  const { name, keys, rest, definition } = index
  const isText = rest?.where !== undefined || keys.some((key) => 'expression' in key)
  if ((isText || rest === undefined) && isStale(table, index, `index ${name}`, it)) return []
  if (rest === undefined) {
    const unblocking = definition?.replace(/^CREATE (UNIQUE )?INDEX /, (created) => `${created}CONCURRENTLY `)
    return [{ type: 'custom', complete: `-- metastore:no-transaction\n${unblocking ?? ''}` }]
  }
  const columns = keys.map((key) => {
    if ('expression' in key) return key
    const { column, ...order } = key
    return { column: column.declaration.name, ...order }
  })
  return [{ type: 'add_index', table: table.name, index: { name, columns, ...rest } }]
}

/**
 * What writes checks and indexes over a column as they were written, for a column that gets its type back: PostgreSQL puts casts
 * to the type in between into them, and keeps these.
 */
export function rewriteExpressions(table: ModelTable, column: string, it: Inverting): Action[] {
  const current = ({ writtenAt }: Pick<ModelConstraint, 'writtenAt'>) => writtenAt === table.renames
  const checks = table.constraints.filter(current).flatMap(({ name, rule }): Action[] =>
    rule.kind === 'check' && mentions(rule.check.expression, column)
      ? [
          { type: 'remove_check', table: table.name, check: name },
          { type: 'add_check', table: table.name, check: rule.check },
        ]
      : [],
  )
  const indexes = table.indexes.filter(current).flatMap((index): Action[] => {
    const { name, rest, keys } = index
    const texts = [rest?.where, ...keys.map((key) => ('expression' in key ? key.expression : undefined))]
    if (rest === undefined || !texts.some((text) => text !== undefined && mentions(text, column))) return []
    const between = internalName(it.migration, 'rollback', 'index', name)
    const [from, to] = [between, name].map((one) => id(one).inline('postgres'))
    return [
      ...restoreIndex(table, { ...index, name: between }, it),
      { type: 'remove_index', index: name },
      { type: 'custom', complete: `alter index ${from ?? ''} rename to ${to ?? ''}` },
    ]
  })
  return [...checks, ...indexes]
}

/** What gives a constraint the name that it had. */
export function renameConstraint(table: Pick<ModelTable, 'name'>, from: string, to: string): Action {
  const [where, before, after] = [table.name, from, to].map((name) => id(name).inline('postgres'))
  return { type: 'custom', complete: `alter table ${where} rename constraint ${before} to ${after}` }
}

// SQL that was written when the table or a column of it was called otherwise.
function isStale(
  table: ModelTable,
  { writtenAt }: Pick<ModelConstraint, 'writtenAt'>,
  what: string,
  it: Inverting,
): boolean {
  if (table.renames === writtenAt) return false
  it.obstacles.push(`How ${what} is written after the changes of names before it is not known.`)
  return true
}
