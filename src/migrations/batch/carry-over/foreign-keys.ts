import { findTable, type ForeignKeyConstraint, type ObjectName, type Table } from '../../../catalog/catalog.ts'
import { id, sql, type Sql } from '../../../database/database.ts'
import { foreignKeyDefinition } from '../definitions.ts'
import type { PhaseStep, TableLock } from '../phase-step.ts'
import type { RowScope } from '../row-scope.ts'
import {
  alter,
  type CarriedBinding,
  type Carrying,
  type CarryPart,
  commentOn,
  isReplaced,
  isSame,
  keyOf,
  lockOf,
  type Remark,
  shown,
  temporaryName,
  transactionStep,
} from './carrying.ts'
import { indexColumns, isTouched } from './indexes.ts'

interface Key {
  /** The table that has it. */
  readonly table: Table
  readonly key: ForeignKeyConstraint
  readonly outgoing: boolean
}

/**
 * Foreign keys of the table and to it. One between two tables of which both replace their columns is carried over with the
 * table that has it.
 */
export function carryForeignKeys(carrying: Carrying): CarryPart {
  const touched = keysAround(carrying)
  const gone = touched.filter((key) => isGone(carrying, key))
  const carried = touched.filter((key) => !isGone(carrying, key) && (key.outgoing || !isOthers(carrying, key)))
  const refused = carried.filter((key) => refusal(carrying, key) !== undefined)
  const kept = carried.filter((key) => !refused.includes(key))
  return {
    keys: kept.flatMap((key) => keySteps(carrying, key)),
    locks: [...gone, ...kept].flatMap((key) => otherLocks(carrying, key)),
    before: [...gone, ...kept].map(({ table, key }) => alter(table, sql`drop constraint if exists ${id(key.name)}`)),
    after: kept.flatMap((key) => putInPlace(carrying, key)),
    bindings: kept.flatMap((key) => bindingOf(carrying, key)),
    problems: [...refused.flatMap((key) => refusal(carrying, key) ?? []), ...heldIndexes(carrying)],
    warnings: kept.filter(({ key }) => !key.triggersEnabled).map((key) => enabledAgain(carrying, key)),
  }
}

function keysAround(carrying: Carrying): readonly Key[] {
  return carrying.catalog.tables.flatMap((table) =>
    table.constraints
      .filter((constraint) => constraint.kind === 'foreign_key')
      .filter(({ inherited }) => !inherited)
      .flatMap((key): Key[] => {
        const own = carrying.tables.some((each) => isSame(each, table))
        if (own && isReplaced(carrying, key.columns)) return [{ table, key, outgoing: true }]
        const referred = carrying.tables.some((each) => isSame(key.references, each))
        return referred && isReplaced(carrying, key.references.columns) ? [{ table, key, outgoing: own }] : []
      }),
  )
}

// What the batch removes is dropped a little earlier than it would be, because the column cannot go before it.
function isGone(carrying: Carrying, { table, key }: Key): boolean {
  if (carrying.tables.some((each) => isSame(each, table))) return carrying.removedConstraints.has(key.name)
  const other = carrying.otherTable?.(table)
  return other !== undefined && (other.removed || other.removedConstraints.has(key.name))
}

function isOthers({ otherTable }: Carrying, { table, key }: Key): boolean {
  const other = otherTable?.(table)
  return key.columns.some((name) => other?.replaced.has(name) === true)
}

function keySteps(carrying: Carrying, { table, key }: Key): readonly PhaseStep[] {
  const name = temporaryName(carrying, 'foreign key', table, key.name)
  const both = bothLocks(table, key.references, 'share row exclusive')
  const columns = (of: ObjectName, names: readonly string[]) => names.map((each) => columnUntilSwap(carrying, of, each))
  const definition = foreignKeyDefinition({
    ...key,
    columns: columns(table, key.columns),
    onDeleteColumns: columns(table, key.onDeleteColumns),
    references: { ...key.references, columns: columns(key.references, key.references.columns) },
  })
  const what = `foreign key ${key.name} of ${shown(carrying, table)} for the new column`
  const add = transactionStep(carrying, {
    key: keyOf('foreign_key', table, key.name),
    label: `add ${what}`,
    locks: both,
    statements: [
      alter(table, sql`add constraint ${id(name)} ${definition} ${key.enforced ? sql`not valid` : sql`not enforced`}`),
    ],
    undo: {
      locks: bothLocks(table, key.references, 'access exclusive'),
      statements: [alter(table, sql`drop constraint if exists ${id(name)}`)],
    },
  })
  if (!key.validated || !key.enforced) return [add]
  const validate = transactionStep(carrying, {
    key: keyOf('validate', table, key.name),
    label: `validate ${what}`,
    locks: [lockOf(table, 'share update exclusive')],
    statements: [alter(table, sql`validate constraint ${id(name)}`)],
  })
  return [add, validate]
}

function columnUntilSwap(carrying: Carrying, table: ObjectName, name: string): string {
  if (carrying.tables.some((each) => isSame(each, table))) return carrying.temporary.get(name) ?? name
  return carrying.otherTable?.(table)?.replaced.get(name)?.physical ?? name
}

// Whether it fits the new types is known before a row is copied.
function bindingOf(carrying: Carrying, { table, key }: Key): readonly CarriedBinding[] {
  const rows = [rowOf(carrying, table, key.columns), rowOf(carrying, key.references, key.references.columns)]
  const what = `${key.name} of ${shown(carrying, table)}`
  return [
    {
      kind: 'foreign_key',
      text: what,
      rows,
      key: `foreign key ${what}`,
      remedy:
        'Alter the columns on both sides in the same batch, or remove the foreign key in a migration before this one.',
    },
  ]
}

function rowOf(carrying: Carrying, table: ObjectName, names: readonly string[]): RowScope {
  const types = new Map(findTable(carrying.catalog, table)?.columns.map(({ name, type }) => [name, type]))
  const own = carrying.tables.some((each) => isSame(each, table))
  const replaced = own ? carrying.replaced : carrying.otherTable?.(table)?.replaced
  return {
    alias: shown(carrying, table),
    columns: names.map((name) => ({
      name,
      physical: name,
      type: replaced?.get(name)?.type ?? types.get(name) ?? 'text',
    })),
  }
}

function putInPlace(carrying: Carrying, { table, key }: Key): readonly Sql[] {
  const name = temporaryName(carrying, 'foreign key', table, key.name)
  return [
    alter(table, sql`rename constraint ${id(name)} to ${id(key.name)}`),
    ...commentOn(sql`constraint ${id(key.name)} on ${id(table.schema, table.name)}`, key.comment),
  ]
}

function bothLocks(left: ObjectName, right: ObjectName, mode: TableLock['mode']): readonly TableLock[] {
  return isSame(left, right) ? [lockOf(left, mode)] : [lockOf(left, mode), lockOf(right, mode)]
}

// Dropping a foreign key takes away triggers of both tables.
function otherLocks({ table: own }: Carrying, { table, key }: Key): readonly TableLock[] {
  return bothLocks(table, key.references, 'access exclusive').filter((lock) => !isSame(lock, own))
}

function refusal(carrying: Carrying, { table, key }: Key): Remark | undefined {
  const remedy = 'Remove it in a migration before this one, and add it again in one after it.'
  const what = `The foreign key ${key.name} of ${shown(carrying, table)}`
  if (table.kind === 'partitioned' && carrying.serverMajor < 18) {
    return {
      message: `${what} covers a column that is replaced, and before version 18 PostgreSQL cannot add one to a partitioned table without blocking writers.`,
      remedy,
    }
  }
  const referenced = findTable(carrying.catalog, key.references)
  if (referenced === undefined || !isReplaced(carrying, key.references.columns)) return undefined
  if (!carrying.tables.some((each) => isSame(each, referenced))) return undefined
  const unique = referenced.indexes.filter((index) => supports(index, key))
  if (unique.some((index) => isTouched(carrying, referenced, index))) return undefined
  return {
    message: `${what} refers to a column of ${shown(carrying, referenced)} whose unique index is not kept.`,
    remedy: 'Keep the unique index, or remove the foreign key too.',
  }
}

// A key that refers to other columns of the table can hang on an index that only includes one that is replaced. The key over
// the new index would be given the old one to hang on, too, as long as that is there.
function heldIndexes(carrying: Carrying): readonly Remark[] {
  return carrying.catalog.tables.flatMap((table) =>
    table.constraints.flatMap((key) => {
      if (key.kind !== 'foreign_key' || isReplaced(carrying, key.references.columns)) return []
      const referenced = carrying.tables.find((each) => isSame(key.references, each))
      const unique = referenced?.indexes.filter((index) => supports(index, key)) ?? []
      const held = unique.find((index) => referenced && isReplaced(carrying, indexColumns(carrying, referenced, index)))
      if (referenced === undefined || held === undefined) return []
      return [
        {
          message: `The foreign key ${key.name} of ${shown(carrying, table)} needs the index ${held.name} of ${shown(carrying, referenced)}, which includes a column that is replaced.`,
          remedy: 'Remove the foreign key in a migration before this one, and add it again in one after it.',
        },
      ]
    }),
  )
}

function supports(index: Table['indexes'][number], { references }: ForeignKeyConstraint): boolean {
  const columns = index.keys.map((key) => (key.kind === 'column' ? key.column : undefined))
  return (
    index.unique &&
    index.predicate === null &&
    columns.length === references.columns.length &&
    references.columns.every((name) => columns.includes(name))
  )
}

function enabledAgain(carrying: Carrying, { table, key }: Key): Remark {
  return {
    message: `The foreign key ${key.name} of ${shown(carrying, table)} has its triggers disabled, and the one that takes its place will have them enabled.`,
    remedy: 'Disable them again when the batch is complete, if that is wanted.',
  }
}
