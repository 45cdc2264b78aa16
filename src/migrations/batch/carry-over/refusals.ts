import type { Table } from '../../../catalog/catalog.ts'
import { type Carrying, type CarryPart, isSame, type Remark, rewriteFor, shown } from './carrying.ts'
import { mentions } from './printed-sql.ts'
import { hasSqlBody } from './routine-body.ts'

const remedy = 'Drop it in a migration before this one, and create it again in one after it.'

/** Whatever else depends on a replaced column and would keep it from being dropped, and what only might miss it. */
export function refuseDependents(carrying: Carrying): CarryPart {
  return {
    problems: [
      ...carrying.tables.flatMap((table) => [
        ...heldByTable(carrying, table),
        ...generatedColumns(carrying, table),
        ...triggers(carrying, table),
        ...publications(carrying, table),
      ]),
      ...rules(carrying),
      ...sqlBodies(carrying),
    ],
    warnings: sourceMentions(carrying),
  }
}

function heldByTable(carrying: Carrying, table: Table): readonly Remark[] {
  const on = shown(carrying, table)
  return [...carrying.replaced.keys()].flatMap((name) => {
    if (table.partitionKey !== null && usedIn(carrying, table, partitionColumns(table.partitionKey)).has(name)) {
      return [
        {
          message: `The table ${on} is partitioned by its column ${name}, which therefore cannot be replaced.`,
          remedy: 'Make a new table with create_table and its up, and remove this one.',
        },
      ]
    }
    const inherited =
      table === carrying.table && table.columns.some((column) => column.name === name && column.inherited)
    if (!inherited) return []
    return [
      {
        message: `The column ${name} of ${on} is inherited from another table.`,
        remedy: 'Alter the column of the table that it is inherited from.',
      },
    ]
  })
}

// `RANGE (created_at, lower(name))`
function partitionColumns(key: string): string {
  return `row${key.slice(key.indexOf('('))}`
}

function generatedColumns(carrying: Carrying, table: Table): readonly Remark[] {
  return table.columns
    .filter(({ generated }) => generated !== null && usedIn(carrying, table, generated.expression).size > 0)
    .map(({ name }) => ({
      message: `The generated column ${name} of ${shown(carrying, table)} is computed from a column that is replaced.`,
      remedy: 'Remove it in a migration before this one, and add it again in one after it.',
    }))
}

function triggers(carrying: Carrying, table: Table): readonly Remark[] {
  return table.triggers
    .filter(({ inherited }) => !inherited)
    .filter(({ columns, definition }) => {
      const condition = /\bWHEN \(.*\) EXECUTE /s.exec(definition)?.[0] ?? ''
      return [...carrying.replaced.keys()].some((name) => columns.includes(name) || mentions(condition, [name]))
    })
    .map(({ name }) => ({
      message: `The trigger ${name} of ${shown(carrying, table)} names a column that is replaced, after UPDATE OF or in its WHEN clause.`,
      remedy,
    }))
}

function publications(carrying: Carrying, table: Table): readonly Remark[] {
  return carrying.catalog.publications.flatMap(({ name, tables }) =>
    tables
      .filter((published) => isSame(published.table, table))
      .filter(({ columns, where }) => {
        const filtered = where === null ? false : usedIn(carrying, table, where).size > 0
        return filtered || columns?.some((column) => carrying.replaced.has(column)) === true
      })
      .map(() => ({
        message: `The publication ${name} names a column of ${shown(carrying, table)} that is replaced, in its column list or row filter.`,
        remedy: 'Take the table out of the publication before this migration, and add it again after it.',
      })),
  )
}

// The statements of a rule are looked at no closer than this, so one that only might depend on a column is refused too.
function rules(carrying: Carrying): readonly Remark[] {
  return [...carrying.catalog.tables, ...carrying.catalog.views].flatMap((relation) =>
    relation.rules
      .filter(({ definition }) => namesColumn(carrying, (words) => mentions(definition, words)))
      .map(({ name }) => ({
        message: `The rule ${name} of ${shown(carrying, relation)} names a column that is replaced.`,
        remedy,
      })),
  )
}

function sqlBodies(carrying: Carrying): readonly Remark[] {
  return carrying.catalog.routines
    .filter(({ definition }) => namesColumn(carrying, (words) => mentions(definition, words)))
    .filter(({ definition }) => hasSqlBody(definition, carrying.parser))
    .map((routine) => ({
      message: `The ${routine.kind} ${shown(carrying, routine)} names a column that is replaced in its SQL body.`,
      remedy,
    }))
}

// A body in a string is not read until it runs, so nothing keeps the column, and nothing tells what it means either.
function sourceMentions(carrying: Carrying): readonly Remark[] {
  const { catalog, tables, replaced, parser } = carrying
  const fired = tables.flatMap((table) => table.triggers.flatMap((trigger) => trigger.function ?? []))
  return catalog.routines.flatMap((routine) => {
    const isFired = fired.some((name) => isSame(name, routine))
    const found = [...replaced.keys()].filter((name) => hasWord(routine.definition, name))
    const about = isFired || tables.some(({ name }) => hasWord(routine.definition, name))
    if (!about || found.length === 0 || hasSqlBody(routine.definition, parser)) return []
    return [
      {
        message: `The ${routine.kind} ${shown(carrying, routine)} mentions ${found.join(', ')} in its source, which may be what is replaced in ${shown(carrying, carrying.table)}.`,
        remedy:
          'See that it works before and after the change; what the text of a function means cannot be told from here.',
      },
    ]
  })
}

function namesColumn({ tables, replaced }: Carrying, mentioned: (words: readonly string[]) => boolean): boolean {
  return tables.some(({ name }) => [...replaced.keys()].some((column) => mentioned([name, column])))
}

function usedIn(carrying: Carrying, table: Table, text: string): ReadonlySet<string> {
  const { uses } = rewriteFor(carrying, { text, kind: 'expression', row: table }, 'temporary')
  return new Set([...uses].filter((name) => carrying.replaced.has(name)))
}

function hasWord(text: string, word: string): boolean {
  const escaped = word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(?<![\\p{L}\\p{N}_$])${escaped}(?![\\p{L}\\p{N}_$])`, 'iu').test(text)
}
