import { findConstraint, type Index, type Table } from '../../../catalog/catalog.ts'
import { id, join, sql, type Sql } from '../../../database/database.ts'
import { deferrability, rebuildIndex } from '../definitions.ts'
import type { PhaseStep } from '../phase-step.ts'
import {
  alter,
  type CarriedBinding,
  type Carrying,
  type CarryPart,
  commentOn,
  isReplaced,
  keyOf,
  lockOf,
  renamedOf,
  rewriteFor,
  shown,
  temporaryName,
  transactionStep,
} from './carrying.ts'
import { remarksOf, renameParts } from './partition-indexes.ts'

/** Indexes over the new columns, and the keys and unique constraints that they serve. */
export function carryIndexes(carrying: Carrying): CarryPart {
  const parts = carrying.tables.flatMap((table) =>
    table.indexes
      .filter((index) => isTouched(carrying, table, index))
      .map((index) => carryIndex(carrying, table, index)),
  )
  return {
    build: parts.flatMap(({ build = [] }) => build),
    bindings: parts.flatMap(({ bindings = [] }) => bindings),
    after: parts.flatMap(({ after = [] }) => after),
    problems: parts.flatMap(({ problems = [] }) => problems),
    warnings: parts.flatMap(({ warnings = [] }) => warnings),
  }
}

/** Whether an index has to be built anew for the new columns. */
export function isTouched(carrying: Carrying, table: Table, index: Index): boolean {
  // A part of a partitioned table's index comes with that.
  if (index.partOf !== null || carrying.removedIndexes.has(index.name)) return false
  if (index.constraint !== null && carrying.removedConstraints.has(index.constraint)) return false
  return isReplaced(carrying, indexColumns(carrying, table, index))
}

/** Every column that an index is made from. */
export function indexColumns(carrying: Carrying, table: Table, index: Index): readonly string[] {
  const expressions = [...index.keys.flatMap((key) => (key.kind === 'expression' ? [key.expression] : []))]
  if (index.predicate !== null) expressions.push(index.predicate)
  return [
    ...index.keys.flatMap((key) => (key.kind === 'column' ? [key.column] : [])),
    ...index.include,
    ...expressions.flatMap((text) => [
      ...rewriteFor(carrying, { text, kind: 'expression', row: table }, 'temporary').uses,
    ]),
  ]
}

function carryIndex(carrying: Carrying, table: Table, index: Index): CarryPart {
  const refusal = refuse(carrying, table, index)
  if (refusal !== undefined) return refusal
  const constraint = index.constraint === null ? undefined : findConstraint(table, index.constraint)
  const attached = constraint?.kind === 'unique' && constraint.deferrable !== 'no'
  const name = temporaryName(carrying, 'index', table, index.name)
  return {
    build: [buildStep(carrying, table, index, name), ...(attached ? [attachStep(carrying, table, index, name)] : [])],
    after: [
      ...putInPlace(table, index, name, attached),
      ...renameKeys(carrying, table, index),
      ...remarksOf(table, index),
      ...renameParts(carrying, table, index),
    ],
    bindings: bindingOf(carrying, table, index),
    warnings:
      constraint?.kind === 'primary_key' && constraint.deferrable !== 'no' ? [checkedAtOnce(carrying, table)] : [],
  }
}

// Whether its operator classes and collations are for the new types is known before a row is copied. What an expression gives
// may depend on more than the columns.
function bindingOf(carrying: Carrying, table: Table, index: Index): readonly CarriedBinding[] {
  const names = index.keys.flatMap((key) => (key.kind === 'column' ? [key.column] : []))
  if (names.length < index.keys.length) return []
  const plain = { ...index, predicate: null, include: [], options: {}, tablespace: null }
  const columns = table.columns
    .filter(({ name }) => names.includes(name))
    .map(({ name, type }) => ({ name, physical: name, type: carrying.replaced.get(name)?.type ?? type }))
  return [
    {
      kind: 'index',
      text: rebuildIndex(plain, { table, columns: new Map(), types: undefined }, carrying.parser).inline('postgres'),
      rows: [{ alias: table.name, columns }],
      key: `index ${index.name} of ${shown(carrying, table)} for the new column`,
      remedy: 'Remove the index in a migration before this one, and add one that fits in one after it.',
    },
  ]
}

function buildStep(carrying: Carrying, table: Table, index: Index, internalName: string): PhaseStep {
  const { schema } = table
  return {
    key: keyOf('index', table, index.name),
    migration: carrying.migration ?? null,
    label: `build index ${index.name} for the new column of ${shown(carrying, table)}`,
    body: {
      kind: 'build_index',
      schema,
      table: table.name,
      internalName,
      finalName: null,
      definition: rebuildIndex(index, renamedOf(carrying, table, 'temporary'), carrying.parser),
      unique: index.unique,
      partitioned: table.kind === 'partitioned',
    },
    undo: [
      {
        kind: 'drop_index',
        schema,
        name: internalName,
        partitionsOf: table.kind === 'partitioned' ? table.name : undefined,
      },
    ],
  }
}

// An index alone is checked at once. While the batch is under way that would fail statements which the constraint lets pass
// until they end, so it becomes a constraint as soon as it is built. A table's second primary key cannot.
function attachStep(carrying: Carrying, table: Table, index: Index, name: string): PhaseStep {
  const locks = [lockOf(table, 'access exclusive')]
  return transactionStep(carrying, {
    key: keyOf('unique', table, index.name),
    label: `make the index for ${index.name} a deferrable constraint`,
    locks,
    statements: [addConstraint(table, index, name, name)],
    undo: { locks, statements: [alter(table, sql`drop constraint if exists ${id(name)}`)] },
  })
}

// An index keeps names of its own for its columns, which a renamed column of the table leaves as they are.
function renameKeys({ replaced }: Carrying, table: Table, index: Index): readonly Sql[] {
  const columns = [...index.keys.flatMap((key) => (key.kind === 'column' ? [key.column] : [])), ...index.include]
  return [...new Set(columns)].flatMap((column) => {
    const replacement = replaced.get(column)
    if (replacement === undefined) return []
    const { physical, finalName } = replacement
    return [sql`alter table ${id(table.schema, index.name)} rename column ${id(physical)} to ${id(finalName)}`]
  })
}

function putInPlace(table: Table, index: Index, name: string, attached: boolean): readonly Sql[] {
  if (index.constraint === null) {
    return [sql`alter index ${id(table.schema, name)} rename to ${id(index.name)}`]
  }
  const constraint = findConstraint(table, index.constraint)
  return [
    attached
      ? alter(table, sql`rename constraint ${id(name)} to ${id(index.constraint)}`)
      : addConstraint(table, index, name, index.constraint),
    ...commentOn(
      sql`constraint ${id(index.constraint)} on ${id(table.schema, table.name)}`,
      constraint?.comment ?? null,
    ),
  ]
}

// The index takes the constraint's name.
function addConstraint(table: Table, index: Index, indexName: string, name: string): Sql {
  const constraint = findConstraint(table, index.constraint ?? '')
  const kind = constraint?.kind === 'primary_key' ? sql`primary key` : sql`unique`
  const parts = [kind, sql`using index ${id(indexName)}`, ...deferrability(constraint?.deferrable)]
  return alter(table, sql`add constraint ${id(name)} ${join(parts, ' ')}`)
}

function refuse(carrying: Carrying, table: Table, index: Index): CarryPart | undefined {
  const constraint = index.constraint === null ? undefined : findConstraint(table, index.constraint)
  const on = `of ${shown(carrying, table)}`
  if (constraint?.kind === 'exclusion') {
    return {
      problems: [
        {
          message: `The exclusion constraint ${constraint.name} ${on} covers a column that is replaced, and PostgreSQL can build one only while nobody writes.`,
          remedy: 'Drop it in a migration before this one, and add it again in one after it.',
        },
      ],
    }
  }
  if (constraint !== undefined && (table.kind === 'partitioned' || isTemporal(constraint))) {
    return {
      problems: [
        {
          message: `The constraint ${constraint.name} ${on} covers a column that is replaced, and PostgreSQL cannot make it from an index that was built without blocking writers.`,
          remedy: 'Drop it in a migration before this one, and add it again in one after it.',
        },
      ],
    }
  }
  if (index.valid && index.ready) return undefined
  return {
    warnings: [
      {
        message: `The index ${index.name} ${on} is invalid, so it goes with the column that is replaced.`,
        remedy: 'Create it again when the batch is complete, if it is still wanted.',
      },
    ],
  }
}

function isTemporal(constraint: { readonly kind: string; readonly withoutOverlaps?: boolean }): boolean {
  return constraint.withoutOverlaps === true
}

function checkedAtOnce(carrying: Carrying, table: Table) {
  return {
    message: `The primary key of ${shown(carrying, table)} is deferrable, and until the batch is complete the one that takes its place is checked at each statement.`,
    remedy: 'See that no transaction relies on duplicates in between, or complete the batch soon.',
  }
}
