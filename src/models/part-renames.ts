import {
  displayName,
  findTable,
  type Catalog,
  type Constraint,
  type Index,
  type ObjectName,
  type Table,
} from '../catalog/catalog.ts'
import { quoted } from './quoting.ts'

/** A constraint, index or sequence that differs from one that is wanted in nothing but its name. */
export interface PartRename {
  readonly kind: 'constraint' | 'index' | 'sequence'
  readonly table: ObjectName
  readonly from: string
  readonly to: string
}

/**
 * Parts of tables that need only another name: who reads rows never sees it, so this is no guess. Of several that are alike
 * each is taken once. Pure.
 */
export function partRenames(current: Catalog, wanted: Catalog): readonly PartRename[] {
  return current.tables.flatMap((table) => {
    const other = findTable(wanted, table)
    if (other === undefined) return []
    const renames = (kind: PartRename['kind'], pairs: readonly (readonly [string, string])[]) =>
      pairs.map(([from, to]): PartRename => ({ kind, table: { schema: table.schema, name: table.name }, from, to }))
    return [
      ...renames('constraint', pairs(table.constraints, other.constraints, shapeOfConstraint)),
      ...renames('index', pairs(freeIndexes(table), freeIndexes(other), shapeOfIndex)),
      ...renames('sequence', sequencePairs(table, current, wanted)),
    ]
  })
}

/** The catalog as it is when these have their new names. Pure. */
export function withPartRenames(catalog: Catalog, renames: readonly PartRename[]): Catalog {
  return renames.reduce(renamedPart, catalog)
}

/** The statements that give the new names, and those that give the old ones back. */
export function partRenameStatements({ kind, table, from, to }: PartRename): {
  readonly up: string
  readonly down: string
} {
  const statement = (old: string, name: string) =>
    kind === 'constraint'
      ? `alter table ${quoted(table.schema, table.name)} rename constraint ${quoted(old)} to ${quoted(name)}`
      : `alter ${kind} ${quoted(table.schema, old)} rename to ${quoted(name)}`
  return { up: statement(from, to), down: statement(to, from) }
}

/** What differs, as a sentence. */
export function describePartRename({ kind, table, from, to }: PartRename): string {
  return `The ${kind} ${from} of ${table.schema}.${table.name} should be called ${to}.`
}

function pairs<Part extends { readonly name: string }>(
  there: readonly Part[],
  wanted: readonly Part[],
  shape: (part: Part) => string,
): (readonly [string, string])[] {
  const gone = there.filter(({ name }) => wanted.every((one) => one.name !== name))
  const fresh = wanted.filter(({ name }) => there.every((one) => one.name !== name))
  return gone.flatMap((part) => {
    const place = fresh.findIndex((one) => shape(one) === shape(part))
    const [taken] = place === -1 ? [] : fresh.splice(place, 1)
    return taken === undefined ? [] : [[part.name, taken.name] as const]
  })
}

function shapeOfConstraint(constraint: Constraint): string {
  return JSON.stringify({ ...constraint, name: '', index: '', comment: null })
}

function shapeOfIndex(index: Index): string {
  return JSON.stringify({ ...index, name: '', definition: '', comment: null })
}

function freeIndexes({ indexes }: Table): readonly Index[] {
  return indexes.filter(({ constraint }) => constraint === null)
}

function sequencePairs(table: Table, current: Catalog, wanted: Catalog): (readonly [string, string])[] {
  const of = ({ sequences }: Catalog, column: string) =>
    sequences.find(
      ({ ownedBy, schema }) =>
        schema === table.schema &&
        ownedBy?.column === column &&
        ownedBy.table.schema === table.schema &&
        ownedBy.table.name === table.name,
    )
  return table.columns.flatMap(({ name }) => {
    const [there, other] = [of(current, name), of(wanted, name)]
    if (there === undefined || other === undefined || there.name === other.name) return []
    return [[there.name, other.name] as const]
  })
}

function renamedPart(catalog: Catalog, { kind, table: owner, from, to }: PartRename): Catalog {
  const isOwner = ({ schema, name }: ObjectName) => schema === owner.schema && name === owner.name
  const named = <Part extends { readonly name: string }>(part: Part): Part =>
    part.name === from ? { ...part, name: to } : part
  if (kind === 'sequence') return renamedSequence(catalog, owner, from, to)
  return {
    ...catalog,
    tables: catalog.tables.map((table) => {
      if (!isOwner(table)) return table
      if (kind === 'index') {
        return { ...table, indexes: table.indexes.map((one) => (one.name === from ? renamedIndex(one, to) : one)) }
      }
      const constraints = table.constraints.map((one) =>
        one.name !== from ? one : 'index' in one && one.index === from ? { ...one, name: to, index: to } : named(one),
      ) as readonly Constraint[]
      const indexes = table.indexes.map((one) =>
        one.constraint === from ? { ...renamedIndex(one, to), constraint: to } : one,
      )
      return { ...table, constraints, indexes }
    }),
  }
}

// The definition has the name as well, as the server writes it.
function renamedIndex(index: Index, name: string): Index {
  const definition = index.definition?.replace(
    / INDEX (?:"(?:[^"]|"")+"|\S+) ON /,
    () => ` INDEX ${displayName(name)} ON `,
  )
  return { ...index, name, definition: definition ?? null }
}

function renamedSequence(catalog: Catalog, { schema, name: owner }: ObjectName, from: string, to: string): Catalog {
  return {
    ...catalog,
    sequences: catalog.sequences.map((one) =>
      one.schema === schema && one.name === from ? { ...one, name: to } : one,
    ),
    tables: catalog.tables.map((table) => {
      if (table.schema !== schema || table.name !== owner) return table
      const columns = table.columns.map((column) => {
        const { identity } = column
        if (identity !== null && identity.kind !== 'autoincrement' && identity.sequence.name === from)
          return { ...column, identity: { ...identity, sequence: { schema, name: to } } }
        const value = column.default?.replace(`nextval('${schema}.${from}'`, `nextval('${schema}.${to}'`)
        return value === undefined ? column : { ...column, default: value }
      })
      return { ...table, columns }
    }),
  }
}
