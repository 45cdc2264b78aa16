import { id } from '../../database/database.ts'
import type { Action, AddColumn, AlterColumn, ColumnDeclaration, CrossTable, RemoveColumn } from '../actions/action.ts'
import type { Inverting } from './inversion.ts'
import { findColumn, findTable, mentions, type ModelColumn, type ModelTable } from './model.ts'
import { restoreConstraint, restoreIndex, rewriteExpressions } from './restore.ts'

/** A column that was added goes; what rows have in it beyond what they would have by themselves is lost. */
export function invertAddColumn(action: AddColumn, it: Inverting): Action[] {
  const table = knownTable(action.table, it)
  if (table === undefined) return []
  const { up, column: declaration } = action
  const column: ModelColumn = { declaration, catalog: null, removed: false }
  table.columns.push(column)
  table.changes += 1
  if (declaration.generated === undefined) {
    const made = up === undefined ? (declaration.default ?? 'null') : typeof up === 'string' ? up : lookUp(up)
    it.losses.push({ kind: 'values', table, column, made, changes: table.changes })
  }
  const name = declaration.name
  return [{ type: 'remove_column', table: table.name, column: name, ...(up !== undefined && { down: up }) }]
}

function lookUp({ table, value, where }: CrossTable): string {
  return `(select (${value}\n) from ${id(table).inline('postgres')} where (${where}\n) limit 1)`
}

/** A column that was altered is altered back, with `up` and `down` exchanged. */
export function invertAlterColumn(action: AlterColumn, it: Inverting): Action[] {
  const table = knownTable(action.table, it)
  const column = table && knownColumn(table, action.column, it)
  if (table === undefined || column === undefined) return []
  const before = column.declaration
  const rewritten = action.changes?.type === undefined ? [] : rewriteExpressions(table, before.name, it)
  const after = altered(before, action.changes ?? {})
  column.declaration = after
  table.changes += 1
  if (after.name !== before.name) table.renames += 1
  const back = changesBack(before, after, action.changes ?? {})
  noteConversion(action, { table, column, before }, it)
  const { up, down } = action
  const isRenamed = after.name !== before.name
  const isMore = up !== undefined || down !== undefined || Object.keys(back).length > 0
  return [
    // First the name alone: expressions of the file call the column as it was called before.
    ...(isRenamed ? [alter(table, after.name, { changes: { name: before.name } })] : []),
    ...(isMore
      ? [
          alter(table, before.name, {
            ...(down !== undefined && { up: down }),
            ...(up !== undefined && { down: up }),
            ...(Object.keys(back).length > 0 && { changes: back }),
          }),
        ]
      : []),
    ...(back.default === 'NULL' ? [dropDefault(table, before.name)] : []),
    ...rewritten,
  ]
}

type Changes = NonNullable<AlterColumn['changes']>

function altered(before: ColumnDeclaration, changes: Changes): ColumnDeclaration {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  return { ...before, ...Object.fromEntries(given) }
}

function changesBack(before: ColumnDeclaration, after: ColumnDeclaration, changes: Changes): Changes {
  const wasNullable = before.nullable ?? true
  return {
    ...(changes.type !== undefined && { type: before.type }),
    ...((after.nullable ?? true) !== wasNullable && { nullable: wasNullable }),
    ...(changes.default !== undefined && { default: before.default ?? 'NULL' }),
    ...(changes.comment !== undefined && { comment: before.comment ?? '' }),
  }
}

function noteConversion(
  { up, down, changes }: AlterColumn,
  { table, column, before }: { table: ModelTable; column: ModelColumn; before: ColumnDeclaration },
  { losses }: Inverting,
): void {
  if (down === undefined && changes?.type === undefined) return
  const own = id(before.name).inline('postgres')
  losses.push({
    kind: 'conversion',
    table,
    column,
    changes: table.changes,
    before: { name: before.name, type: before.type },
    type: column.declaration.type,
    // Without an expression the value itself is taken back, so only its type can lose something.
    up: down === undefined ? own : (up ?? own),
    down: down ?? own,
  })
}

function alter(table: ModelTable, column: string, rest: Omit<AlterColumn, 'type' | 'table' | 'column'>): AlterColumn {
  return { type: 'alter_column', table: table.name, column, ...rest }
}

// PostgreSQL keeps a default of NULL where the type has a length.
function dropDefault(table: ModelTable, column: string): Action {
  const [where, what] = [id(table.name), id(column)].map((name) => name.inline('postgres'))
  return { type: 'custom', complete: `alter table ${where} alter column ${what} drop default` }
}

/** A column that was removed comes back as it was declared, with what `down` says in its rows, and what was dropped with it. */
export function invertRemoveColumn(action: RemoveColumn, it: Inverting): Action[] {
  const table = knownTable(action.table, it)
  const column = table && knownColumn(table, action.column, it)
  if (table === undefined || column === undefined) return []
  const { declaration, catalog } = column
  const { down } = action
  const what = `${table.name}.${declaration.name}`
  const isNumbered = declaration.default?.includes('nextval(') === true && catalog !== null
  if (isNumbered) it.obstacles.push(`Column ${what} took its numbers from a sequence that went with it.`)
  if (catalog?.collation != null)
    it.obstacles.push(`Column ${what} had a collation of its own, which no action can say.`)
  const isFilled = down !== undefined || declaration.default !== undefined || declaration.generated !== undefined
  if (!isFilled && declaration.nullable === false) {
    it.obstacles.push(`Column ${what} must not be null, and the migration has no down that says what its rows get.`)
  }
  if (!isFilled) it.remarks.push(`Column ${what} comes back empty.`)
  column.removed = true
  table.changes += 1
  const constraints = table.constraints.filter(
    ({ columns, rule }) =>
      columns.includes(column) || (rule.kind === 'check' && mentions(rule.check.expression, declaration.name)),
  )
  const indexes = table.indexes.filter(({ columns }) => columns.includes(column))
  const restored = [
    ...indexes.flatMap((index) => restoreIndex(table, index, it)),
    ...constraints.flatMap((constraint) => restoreConstraint(table, constraint, it)),
  ]
  table.constraints = table.constraints.filter((constraint) => !constraints.includes(constraint))
  table.indexes = table.indexes.filter((index) => !indexes.includes(index))
  return [
    { type: 'add_column', table: table.name, column: declaration, ...(down !== undefined && { up: down }) },
    ...restored,
  ]
}

/** The table that an action is about; undefined, with the reason told, where a script must have made it. */
export function knownTable(name: string, it: Inverting): ModelTable | undefined {
  const found = findTable(it.model, name)
  if (found === undefined) it.obstacles.push(`How table ${name} was before it is not known.`)
  return found
}

function knownColumn(table: ModelTable, name: string, it: Inverting): ModelColumn | undefined {
  const found = findColumn(table, name)
  if (found === undefined) it.obstacles.push(`How column ${table.name}.${name} was before it is not known.`)
  return found
}
