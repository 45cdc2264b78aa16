import { objectKey } from '../object.ts'
import type { CatalogObject } from '../objects.ts'
import type { Difference } from './compare.ts'

/** All differences by key, where a fold looks its neighbours up, and what has what from whom. */
interface Differences {
  get(key: string): Difference | undefined
  readonly lineage: Lineage
}

/** For the key of a part that a table has from its parents, the keys of theirs. */
export type Lineage = ReadonlyMap<string, readonly string[]>

/**
 * The difference that another one follows from, so that the two are one: a part of a table that is missing, the index of a
 * constraint, the sequence of an identity column, what a partition has from its table.
 */
export function foldedInto(difference: Difference, all: Differences): Difference | undefined {
  const whole = all.get(difference.object.partOf ?? '')
  if (whole !== undefined && whole.kind !== 'different') return whole
  const object = (difference.expected ?? difference.actual) as CatalogObject
  switch (object.kind) {
    case 'index':
      return indexCause(difference, all) ?? inheritedCause(difference, all)
    case 'sequence':
      return sequenceCause(difference, all)
    case 'constraint':
      return notNullCause(difference, all) ?? inheritedCause(difference, all)
    case 'column':
    case 'trigger':
      return inheritedCause(difference, all)
    case 'statistics': {
      const { schema, name } = object.value.table
      return sameKind(difference, all.get(objectKey('table', [schema, name])))
    }
    default:
      return undefined
  }
}

// Its name is that of the constraint, and is in the same table.
function indexCause({ object, expected, actual }: Difference, all: Differences): Difference | undefined {
  const names = [expected, actual].flatMap((each) => (each?.kind === 'index' ? [each.value.constraint] : []))
  const name = names.find((each) => each !== null)
  return name == null ? undefined : all.get(objectKey('constraint', [...object.path.slice(0, 2), name]))
}

function sequenceCause(difference: Difference, all: Differences): Difference | undefined {
  const object = difference.expected ?? difference.actual
  if (difference.kind === 'different' || object?.kind !== 'sequence' || object.value.ownedBy === null) return undefined
  const { table, column } = object.value.ownedBy
  const key = objectKey('column', [table.schema, table.name, column])
  // A table that lost only this column differs as well, without being missing.
  const whole = all.get(objectKey('table', [table.schema, table.name]))
  const owner = sameKind(difference, whole) ?? sameKind(difference, all.get(key))
  if (owner) return owner
  const cause = all.get(key)
  const changed = cause?.changes.some(({ property }) => property.split('.')[0] === 'identity')
  return object.value.identity && changed ? cause : undefined
}

// From PostgreSQL 18 on, that a column is not null is also a constraint.
function notNullCause(difference: Difference, all: Differences): Difference | undefined {
  const object = difference.expected ?? difference.actual
  if (object?.kind !== 'constraint' || object.value.kind !== 'not_null') return undefined
  const [schema = '', table = ''] = object.path
  const column = all.get(objectKey('column', [schema, table, object.value.column]))
  if (column === undefined || difference.kind === 'different') return undefined
  if (column.kind !== 'different') return sameKind(difference, column)
  const nullable = column.changes.find(({ property }) => property === 'nullable')
  return nullable && nullable.expected === (difference.kind === 'unexpected') ? column : undefined
}

/** What a change of the parent does to its partitions and heirs as well. */
const passedOn = new Set(['type', 'nullable', 'collation'])

// A part that a table has only because its parent has it, and that differs from what is expected as that of the parent does.
function inheritedCause(difference: Difference, all: Differences): Difference | undefined {
  const causes = all.lineage.get(difference.object.key) ?? []
  const cause = causes.map((key) => all.get(key)).find((each) => each !== undefined)
  if (cause === undefined || cause.kind !== difference.kind) return undefined
  if (difference.kind !== 'different') return sameWithin(difference, cause) ? cause : undefined
  if (difference.object.kind === 'column' && !difference.changes.every(({ property }) => passedOn.has(property))) {
    return undefined
  }
  return JSON.stringify(difference.changes) === JSON.stringify(cause.changes) ? cause : undefined
}

function sameWithin(difference: Difference, cause: Difference): boolean {
  const own = difference.expected ?? difference.actual
  const parent = cause.expected ?? cause.actual
  // A child can have a default of its own.
  if (own?.kind !== 'column' || parent?.kind !== 'column') return true
  return own.value.default === parent.value.default && own.value.nullable === parent.value.nullable
}

function sameKind(difference: Difference, cause: Difference | undefined): Difference | undefined {
  return cause?.kind === difference.kind ? cause : undefined
}
