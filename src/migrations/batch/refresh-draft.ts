import type { Catalog, Table } from '../../catalog/catalog.ts'
import { existingColumn, existingTable, type Draft, type DraftTable } from './draft.ts'

/**
 * Takes into account what SQL of an author's own has done: tables and columns that it made are seen by the new version,
 * what it dropped is not. Columns of this batch keep the places that they have in it.
 */
export function refreshDraft(draft: Draft, catalog: Catalog): void {
  draft.catalog = catalog
  const present = catalog.tables.filter(
    ({ schema, kind, partitionOf }) => schema === draft.base && partitionOf === null && kind !== 'foreign',
  )
  for (const table of [...draft.tables]) {
    const found = present.find(({ name }) => name === table.physical)
    if (found === undefined) draft.tables.splice(draft.tables.indexOf(table), 1)
    else refreshTable(table, found)
  }
  const known = new Set([...draft.tables, ...draft.removed].map(({ physical }) => physical))
  draft.tables.push(...present.filter(({ name }) => !known.has(name)).map((table) => existingTable(table, [])))
  for (const type of catalog.types) {
    if (type.schema !== draft.base || type.kind !== 'enum') continue
    if (draft.enums.some(({ physical }) => physical === type.name)) continue
    draft.enums.push({ name: type.name, physical: type.name, labels: type.labels, created: false, removed: false })
  }
}

function refreshTable(table: DraftTable, found: Table): void {
  if (!table.created) table.original = found
  const hidden = new Set([...table.removedColumns.map(({ physical }) => physical), ...table.spentColumns])
  for (const column of [...table.columns]) {
    const now = found.columns.find(({ name }) => name === column.physical)
    const place = table.columns.indexOf(column)
    if (now === undefined) table.columns.splice(place, 1)
    else if (column.original?.name === column.physical) {
      table.columns[place] = { ...existingColumn(now), name: column.name, viewDefault: column.viewDefault }
    }
  }
  const replaced = new Set(table.columns.map(({ original }) => original?.name))
  const shown = new Set(table.columns.map(({ physical }) => physical))
  for (const column of found.columns) {
    if (shown.has(column.name) || hidden.has(column.name) || replaced.has(column.name)) continue
    if (!column.name.startsWith('__metastore_')) table.columns.push(existingColumn(column))
  }
  for (const { name, constraint } of found.indexes) {
    if (!table.indexes.some((index) => index.name === name)) {
      table.indexes.push({ name, constraint, existed: true, removed: false })
    }
  }
}
