import { foreignKeys, primaryKey, type Column, type Table } from '../../../../catalog/catalog.ts'
import type { Severity } from '../../../../finding.ts'
import type { AffectedTable } from '../affected.ts'

/** A table as a box of the diagram. */
export interface Entity {
  /** Where it stands among the tables of the report, from 0. */
  readonly id: number
  readonly label: string
  /** What follows the name, as `4 partitions`. */
  readonly note: string | null
  readonly missing: boolean
  readonly severity: Severity | null
  readonly rows: readonly EntityRow[]
  /** How many columns are not shown. */
  readonly hidden: number
}

/** A column as a line of a box. */
export interface EntityRow {
  readonly name: string
  readonly type: string
  readonly primary: boolean
  readonly foreign: boolean
  readonly nullable: boolean
  readonly missing: boolean
  readonly severity: Severity | null
}

/** A foreign key as an edge of the diagram. */
export interface Relation {
  /** The box that holds the key, and the box that it refers to. */
  readonly from: number
  readonly to: number
  readonly fromColumn: string
  readonly toColumn: string
  readonly label: string
  /** Whether a row may refer to none. */
  readonly optional: boolean
  /** Whether at most one row refers to the same. */
  readonly unique: boolean
}

const mostRows = 24

/** The boxes and edges of the diagram. Partitions stand in their table. Pure. */
export function entitiesOf(tables: readonly AffectedTable[]): {
  readonly entities: readonly Entity[]
  readonly relations: readonly Relation[]
} {
  const ids = new Map(tables.map(({ schema, name }, id) => [keyOf(schema, name), id]))
  const shown = tables.flatMap((affected, id) => (affected.table?.partitionOf ? [] : [{ affected, id }]))
  const partitions = partitionNumbers(tables, ids)
  return {
    entities: shown.map(({ affected, id }) => entityOf(affected, id, partitions.get(id) ?? 0)),
    relations: shown.flatMap(({ affected: { table }, id }) =>
      table === null ? [] : relationsOf(table, id, ids, tables),
    ),
  }
}

function entityOf(affected: AffectedTable, id: number, partitions: number): Entity {
  const { schema, name, table, worst } = affected
  const primary = new Set(table === null ? [] : primaryKey(table)?.columns)
  const foreign = new Set(table === null ? [] : foreignKeys(table).flatMap(({ columns }) => columns))
  const row = (column: string, known: Column | null): EntityRow => ({
    name: column,
    type: known?.type ?? 'missing',
    primary: primary.has(column),
    foreign: foreign.has(column),
    nullable: known?.nullable ?? false,
    missing: known === null,
    severity: affected.columns.get(column) ?? null,
  })
  const there = (table?.columns ?? []).map((column) => row(column.name, column))
  const rows = [...there, ...affected.missing.map((column) => row(column, null))]
  // Of a wide table, what matters most; in its own order all the same.
  const wanted = new Set(rows.toSorted((one, other) => weight(other) - weight(one)).slice(0, mostRows))
  return {
    id,
    label: schema === 'public' ? name : `${schema}.${name}`,
    note: partitions > 0 ? `${partitions} ${partitions === 1 ? 'partition' : 'partitions'}` : null,
    missing: table === null,
    severity: worst,
    rows: rows.filter((one) => wanted.has(one)),
    hidden: rows.length - wanted.size,
  }
}

function weight({ severity, primary, foreign }: EntityRow): number {
  return severity !== null ? 3 : primary ? 2 : foreign ? 1 : 0
}

function partitionNumbers(tables: readonly AffectedTable[], ids: ReadonlyMap<string, number>): Map<number, number> {
  const numbers = new Map<number, number>()
  for (const { table } of tables) {
    if (!table?.partitionOf) continue
    const root = rootOf(keyOf(table.partitionOf.parent.schema, table.partitionOf.parent.name), ids, tables)
    if (root !== undefined) numbers.set(root, (numbers.get(root) ?? 0) + 1)
  }
  return numbers
}

// The box that stands for a table: of a partition, that of the whole.
function rootOf(key: string, ids: ReadonlyMap<string, number>, tables: readonly AffectedTable[]): number | undefined {
  const id = ids.get(key)
  const parent = id === undefined ? undefined : tables[id]?.table?.partitionOf?.parent
  return parent ? rootOf(keyOf(parent.schema, parent.name), ids, tables) : id
}

function relationsOf(
  table: Table,
  from: number,
  ids: ReadonlyMap<string, number>,
  tables: readonly AffectedTable[],
): readonly Relation[] {
  return foreignKeys(table).flatMap(({ columns, references, name }) => {
    const to = rootOf(keyOf(references.schema, references.name), ids, tables)
    if (to === undefined) return []
    const same = (others: readonly string[]) => others.length > 0 && others.every((other) => columns.includes(other))
    return [
      {
        from,
        to,
        fromColumn: columns[0] ?? '',
        toColumn: references.columns[0] ?? '',
        label: `${name}: ${table.name} (${columns.join(', ')}) refers to ${references.name} (${references.columns.join(', ')})`,
        optional: table.columns.some((column) => column.nullable && columns.includes(column.name)),
        unique: table.constraints.some(
          (one) => (one.kind === 'primary_key' || one.kind === 'unique') && same(one.columns),
        ),
      },
    ]
  })
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}
