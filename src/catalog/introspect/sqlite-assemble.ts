import { type Catalog, emptyCatalog } from '../database-catalog.ts'
import type { Column, Table, Trigger, View } from '../relation.ts'
import { byRelation } from './rows.ts'
import { sortByName } from '../sort.ts'
import { toConstraints } from './sqlite-constraints.ts'
import { readCreateTable, type TableText } from './sqlite-create-table.ts'
import { toIndexes } from './sqlite-indexes.ts'
import type { ColumnValue, RelationValue, SqliteRow, TableFacts } from './sqlite-rows.ts'
import { readCreateTrigger } from './sqlite-statements.ts'
import { foldCase } from './sqlite-tokens.ts'

/** Puts rows together to a catalog. */
export function assembleSqlite(rows: readonly SqliteRow[]): Catalog {
  const groups = byRelation(rows)
  const relations = rows.flatMap((row) => (row.kind === 'relation' ? [row.value] : []))
  const facts = relations
    .filter(({ type }) => type !== 'view')
    .map((value): TableFacts => {
      const own = groups.get(value.name) ?? []
      return {
        ...value,
        text: readCreateTable(value.type === 'virtual' ? '' : value.sql),
        columns: columnsOf(own),
        foreignKeys: own.flatMap((row) => (row.kind === 'foreign_key' ? [row.value] : [])),
        indexes: own.flatMap((row) => (row.kind === 'index' ? [row.value] : [])),
        indexKeys: own.flatMap((row) => (row.kind === 'index_key' ? [row.value] : [])),
      }
    })
  const byName = new Map(facts.map((fact) => [foldCase(fact.name), fact]))
  return {
    ...emptyCatalog('sqlite'),
    schemas: [{ name: 'main', owner: null, comment: null, grants: [] }],
    tables: sortByName(facts.map((fact) => toTable(fact, byName, groups.get(fact.name) ?? []))),
    views: sortByName(
      relations.filter(({ type }) => type === 'view').map((view) => toView(view, groups.get(view.name) ?? [])),
    ),
  }
}

function toTable(facts: TableFacts, all: ReadonlyMap<string, TableFacts>, rows: readonly SqliteRow[]): Table {
  const { name, type, text, sql } = facts
  const constraints = toConstraints(facts, all)
  const module = /\busing\s+["'`[]?(\w+)/i.exec(sql)?.[1] ?? ''
  return {
    kind: type === 'virtual' ? 'virtual' : 'table',
    schema: 'main',
    name,
    owner: null,
    comment: null,
    persistence: 'permanent',
    columns: facts.columns.map((column) => toColumn(column, text, facts)),
    constraints: sortByName(constraints),
    indexes: sortByName(toIndexes(facts, constraints)),
    triggers: triggersOf(rows),
    rules: [],
    policies: [],
    rowSecurity: { enabled: false, forced: false },
    replicaIdentity: 'default',
    inherits: [],
    partitionKey: null,
    partitionOf: null,
    foreign: null,
    accessMethod: null,
    tablespace: null,
    options: {
      ...(type === 'virtual' ? { module } : {}),
      ...(facts.strict ? { strict: 'true' } : {}),
      ...(facts.withoutRowId ? { without_rowid: 'true' } : {}),
    },
    grants: [],
  }
}

function toView(view: RelationValue, rows: readonly SqliteRow[]): View {
  return {
    kind: 'view',
    schema: 'main',
    name: view.name,
    owner: null,
    comment: null,
    columns: columnsOf(rows).map((column) => toColumn(column, undefined, undefined)),
    definition: view.sql,
    populated: true,
    indexes: [],
    triggers: triggersOf(rows),
    rules: [],
    options: {},
    accessMethod: null,
    tablespace: null,
    grants: [],
  }
}

function toColumn(value: ColumnValue, text: TableText | undefined, table: TableFacts | undefined): Column {
  const own = text?.columns.get(foldCase(value.name))
  const storage = value.hidden === 3 ? 'stored' : 'virtual'
  return {
    name: value.name,
    type: value.type,
    nullable: value.notNull === 0 && !(table && value.primaryKey > 0 && forbidsNullKeys(table)),
    default: value.default,
    identity: text?.autoincrement && value.primaryKey > 0 ? { kind: 'autoincrement' } : null,
    generated: value.hidden < 2 ? null : { storage, expression: own?.generated ?? '' },
    collation: own?.collation ?? null,
    comment: null,
    storage: null,
    compression: null,
    statistics: null,
    inherited: false,
    options: {},
    grants: [],
  }
}

// Otherwise SQLite allows nulls in a primary key: https://www.sqlite.org/lang_createtable.html#the_primary_key
function forbidsNullKeys(table: TableFacts): boolean {
  if (table.strict || table.withoutRowId) return true
  const key = table.columns.filter(({ primaryKey }) => primaryKey > 0)
  const hasIndex = table.indexes.some(({ origin }) => origin === 'pk')
  return key.length === 1 && key[0]?.type.toLowerCase() === 'integer' && !hasIndex
}

function columnsOf(rows: readonly SqliteRow[]): ColumnValue[] {
  return rows
    .flatMap((row) => (row.kind === 'column' && row.value.hidden !== 1 ? [row.value] : []))
    .sort((left, right) => left.number - right.number)
}

function triggersOf(rows: readonly SqliteRow[]): Trigger[] {
  const triggers = rows.flatMap((row) => (row.kind === 'trigger' ? [row.value] : []))
  return sortByName(
    triggers.map(({ name, sql }): Trigger => ({
      name,
      ...readCreateTrigger(sql),
      level: 'row',
      function: null,
      enabled: 'origin',
      constraint: false,
      inherited: false,
      comment: null,
      definition: sql,
    })),
  )
}
