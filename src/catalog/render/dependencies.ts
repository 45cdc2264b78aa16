import type { Catalog } from '../database-catalog.ts'
import { type ObjectName, objectKey } from '../object.ts'
import { type CatalogObject, objects } from '../objects.ts'
import type { Column, Table } from '../relation.ts'
import { parentsOf } from '../diff/lineage.ts'
import { mentionsIn } from './mentions.ts'
import { tableNamed } from './indexed.ts'

/** For the key of an object, the keys of those that it needs. */
type Needs = ReadonlyMap<string, ReadonlySet<string>>

/** What needs what. */
export interface Dependencies {
  /** Without these it cannot be there. */
  readonly needs: Needs
  /** It names these in a text, such as the body of a function, that is looked at only when it runs. */
  readonly names: Needs
}

/** The key of a column's default, which comes and goes on its own. */
export function defaultKey(schema: string, table: string, column: string): string {
  return objectKey('column', [schema, table, column]).replace(/^column /, 'default ')
}

/** The key of the checks of a domain, which can use functions that take the domain. */
export function rulesKey(schema: string, name: string): string {
  return objectKey('type', [schema, name]).replace(/^type /, 'rules ')
}

/** What every object of a catalog needs, found from what their definitions name: the server prints these with schemas. */
export function dependenciesOf(catalog: Catalog): Dependencies {
  const all = [...objects(catalog)]
  const directory = directoryOf(catalog, all)
  const needs = new Map<string, Set<string>>()
  const names = new Map<string, Set<string>>()
  for (const object of all) {
    const found = new Finder(directory, object)
    collect(found, object, catalog)
    needs.set(object.key, found.needs)
    names.set(object.key, found.names)
    for (const [key, texts] of ownParts(object)) {
      const own = new Finder(directory, object)
      own.add(object.key)
      for (const text of texts) own.mention(text)
      needs.set(key, own.needs)
      names.set(key, own.names)
    }
  }
  return { needs, names }
}

/** Where names are looked up. */
interface Directory {
  readonly byName: ReadonlyMap<string, readonly string[]>
  readonly byWord: ReadonlyMap<string, readonly string[]>
  /** The columns of each table by the key of that. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly keys: ReadonlySet<string>
}

const nameable = new Set(['collation', 'type', 'sequence', 'table', 'view', 'routine'])

function directoryOf(catalog: Catalog, all: readonly CatalogObject[]): Directory {
  const byName = new Map<string, string[]>()
  const byWord = new Map<string, string[]>()
  const put = (map: Map<string, string[]>, name: string, key: string) => map.set(name, [...(map.get(name) ?? []), key])
  for (const { kind, path, key } of all) {
    if (!nameable.has(kind)) continue
    const [schema = '', name = ''] = path
    put(byName, nameKey(schema, name), key)
    put(byWord, name, key)
  }
  const columns = catalog.tables.map(({ schema, name, columns }): [string, Map<string, string>] => [
    objectKey('table', [schema, name]),
    new Map(columns.map((column) => [column.name, objectKey('column', [schema, name, column.name])])),
  ])
  for (const type of catalog.types) {
    if (type.kind !== 'range' || type.multirange === null) continue
    put(byName, nameKey(type.multirange.schema, type.multirange.name), objectKey('type', [type.schema, type.name]))
  }
  return { byName, byWord, columns: new Map(columns), keys: new Set(all.map(({ key }) => key)) }
}

/** Gathers what one object needs. */
class Finder {
  readonly needs = new Set<string>()
  readonly names = new Set<string>()
  readonly directory: Directory
  readonly object: CatalogObject

  constructor(directory: Directory, object: CatalogObject) {
    this.directory = directory
    this.object = object
  }

  add(key: string | null): void {
    if (key !== null && this.directory.keys.has(key)) this.needs.add(key)
  }

  /** What a piece of SQL names, and which columns of the tables in it. */
  mention(text: string | null, { columns = true, own = true } = {}): void {
    if (text === null) return
    const { pairs, words, texts } = mentionsIn(text)
    const tables = new Set(own && this.object.partOf !== null ? [this.object.partOf] : [])
    for (const [schema, name] of pairs) this.named(schema, name, tables)
    for (const inside of texts) this.quoted(inside, tables)
    if (!columns) return
    for (const table of tables) {
      for (const [name, key] of this.directory.columns.get(table) ?? []) if (words.has(name)) this.add(key)
    }
  }

  name({ schema, name }: ObjectName): void {
    this.named(schema, name, new Set())
  }

  columnsOf(kind: 'table' | 'view', { schema, name }: ObjectName, columns: readonly string[]): void {
    this.add(objectKey(kind, [schema, name]))
    for (const column of columns) this.add(objectKey('column', [schema, name, column]))
  }

  private named(schema: string, name: string, tables: Set<string>): void {
    const [ownSchema, ownName] = this.object.path
    // Other functions of the same name are no matter of its own name.
    if (this.object.kind === 'routine' && schema === ownSchema && name === ownName) return
    for (const key of this.directory.byName.get(nameKey(schema, name)) ?? []) {
      if (key === this.object.key) continue
      this.add(key)
      if (key.startsWith('table ')) tables.add(key)
    }
  }

  // `'app.ticket'::regclass` is as good as a name; anything else in quotes is only a hint.
  private quoted(text: string, tables: Set<string>): void {
    const { pairs, words } = mentionsIn(text)
    const [only] = pairs
    if (this.object.kind !== 'routine' && only !== undefined && pairs.length === 1 && words.size <= 2) {
      this.named(only[0], only[1], tables)
    }
    if (this.object.kind !== 'routine') return
    for (const word of words) {
      for (const key of this.directory.byWord.get(word) ?? []) if (key !== this.object.key) this.names.add(key)
    }
  }
}

function collect(found: Finder, object: CatalogObject, catalog: Catalog): void {
  found.add(object.partOf)
  if (object.partOf === null && object.path.length > 1) found.add(objectKey('schema', [object.path[0] ?? '']))
  switch (object.kind) {
    case 'schema':
      return
    case 'extension':
      return found.add(objectKey('schema', [object.value.schema]))
    case 'collation':
      return
    case 'type':
      return collectType(found, object.value)
    case 'sequence': {
      const { ownedBy, identity } = object.value
      if (ownedBy && identity) found.columnsOf('table', ownedBy.table, [ownedBy.column])
      return
    }
    case 'table':
      parentsOf(object.value).forEach((parent) => found.add(objectKey('table', [parent.schema, parent.name])))
      return found.mention(object.value.partitionKey, { columns: false })
    case 'column':
      return collectColumn(found, object.value)
    case 'constraint':
      return collectConstraint(found, object, catalog)
    case 'index':
      return collectIndex(found, object)
    case 'view':
      for (const column of object.value.columns) found.mention(column.default)
      return found.mention(object.value.definition)
    case 'routine': {
      // A body in quotes names no columns that the server knows of.
      const columns = object.value.language === 'sql' && !/\$\w*\$|'/.test(object.value.definition)
      return found.mention(object.value.definition, { columns })
    }
    default:
      collectAttached(found, object)
  }
}

function collectAttached(found: Finder, object: CatalogObject): void {
  switch (object.kind) {
    case 'trigger':
    case 'rule':
    case 'statistics':
      return found.mention(object.value.definition)
    case 'policy':
      found.mention(object.value.using)
      return found.mention(object.value.check)
    case 'event_trigger':
      return found.name(object.value.function)
    case 'publication':
      object.value.schemas.forEach((schema) => found.add(objectKey('schema', [schema])))
      for (const { table, columns, where } of object.value.tables) {
        const words = where === null ? [] : [...mentionsIn(where).words]
        found.columnsOf('table', table, [...(columns ?? []), ...words])
      }
      return
    case 'default_privileges':
      return found.add(objectKey('schema', [object.value.schema ?? '']))
    default:
  }
}

function collectType(found: Finder, type: Extract<CatalogObject, { kind: 'type' }>['value']): void {
  switch (type.kind) {
    case 'enum':
      return
    case 'domain':
      found.mention(type.base)
      found.mention(type.collation)
      return found.mention(type.default)
    case 'composite':
      return type.attributes.forEach((attribute) => collectColumn(found, attribute))
    case 'range':
      found.mention(type.subtype)
      found.mention(type.collation)
      for (const routine of [type.canonical, type.difference]) if (routine) found.name(routine)
  }
}

function collectColumn(found: Finder, column: Column): void {
  found.mention(column.type, { own: false })
  found.mention(column.collation, { own: false })
  found.mention(column.generated?.expression ?? null)
  found.needs.delete(found.object.key)
}

function collectConstraint(found: Finder, object: CatalogObject & { kind: 'constraint' }, { tables }: Catalog): void {
  const { value, path } = object
  const [schema = '', name = ''] = path
  if (value.kind === 'not_null') return found.columnsOf('table', { schema, name }, [value.column])
  if (value.kind !== 'foreign_key') return found.mention(value.definition)
  const { references } = value
  found.columnsOf('table', { schema, name }, value.columns)
  found.columnsOf('table', references, references.columns)
  const target = tableNamed(tables, references)
  for (const index of target?.indexes.filter((index) => servesKey(index, references.columns)) ?? []) {
    found.add(objectKey('index', [references.schema, references.name, index.name]))
    if (index.constraint !== null) {
      found.add(objectKey('constraint', [references.schema, references.name, index.constraint]))
    }
  }
}

function servesKey(index: Table['indexes'][number], columns: readonly string[]): boolean {
  const keys = index.keys.map((key) => (key.kind === 'column' ? key.column : ''))
  return index.unique && keys.length === columns.length && columns.every((column) => keys.includes(column))
}

function collectIndex(found: Finder, { value, path }: CatalogObject & { kind: 'index' }): void {
  const [schema = '', name = ''] = path
  for (const key of value.keys) {
    if (key.kind === 'expression') found.mention(key.expression)
    else found.columnsOf('table', { schema, name }, [key.column])
    found.mention(key.collation)
  }
  found.columnsOf('table', { schema, name }, value.include)
  found.mention(value.predicate)
  if (value.constraint !== null) found.add(objectKey('constraint', [schema, name, value.constraint]))
}

// Parts that are no objects of their own, by their keys, with what is written in them.
function ownParts(object: CatalogObject): [string, readonly (string | null)[]][] {
  const [schema = '', name = '', part = ''] = object.path
  if (object.kind === 'column' && object.value.default !== null) {
    return [[defaultKey(schema, name, part), [object.value.default]]]
  }
  if (object.kind === 'type' && object.value.kind === 'domain') {
    return [[rulesKey(schema, name), object.value.constraints.map(({ definition }) => definition)]]
  }
  return []
}

function nameKey(schema: string, name: string): string {
  return `${schema}\0${name}`
}
