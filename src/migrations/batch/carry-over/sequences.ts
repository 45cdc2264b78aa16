import type { Column, Grant, ObjectName, Sequence } from '../../../catalog/catalog.ts'
import { id, join, literal, raw, sql, type Sql } from '../../../database/database.ts'
import type { SqlText } from '../../actions/action.ts'
import { underlyingType } from '../type-name.ts'
import {
  alter,
  type Carrying,
  type CarryPart,
  commentOn,
  isSame,
  keyOf,
  type Replacement,
  replacedColumns,
  role,
  shown,
  temporaryName,
  transactionStep,
} from './carrying.ts'

/**
 * The default by which new sessions draw a number for the column that replaces a numbered one; null for a column that is not
 * numbered. It belongs on the new version's view: as the new column's own default it would take a number for each row that
 * an old session inserts. The name in it is looked up when it is used, so that it holds no sequence that the swap replaces.
 */
export function numberedDefault(column: Pick<Column, 'default' | 'identity'>): SqlText | null {
  if (column.identity !== null && column.identity.kind !== 'autoincrement') {
    return nextValue(column.identity.sequence)
  }
  return column.default !== null && drawsNumbers(column.default) ? column.default : null
}

/** Defaults that draw from a sequence, identities, and sequences that belong to a column. */
export function carrySequences(carrying: Carrying): CarryPart {
  // What a partition or child has of its own is not looked at: numbers come through the table.
  const parts = replacedColumns(carrying, carrying.table).map(({ column, replacement }) => {
    if (column.identity !== null && column.identity.kind !== 'autoincrement') {
      return replacement.default === undefined ? carryIdentity(carrying, column, replacement, column.identity) : {}
    }
    return carryOwned(carrying, column, replacement)
  })
  return {
    build: parts.flatMap(({ build = [] }) => build),
    before: parts.flatMap(({ before = [] }) => before),
    after: parts.flatMap(({ after = [] }) => after),
    problems: parts.flatMap(({ problems = [] }) => problems),
  }
}

function carryOwned({ table, catalog, parser }: Carrying, column: Column, replacement: Replacement): CarryPart {
  const owned = catalog.sequences.filter(
    ({ ownedBy, identity }) => !identity && ownedBy?.column === column.name && isSame(ownedBy.table, table),
  )
  const isBigint = underlyingType(replacement.type, parser, catalog)?.name === 'int8'
  const keepsDefault = replacement.default === undefined && column.default !== null && drawsNumbers(column.default)
  return {
    before: owned.map(
      (sequence) =>
        sql`alter sequence ${id(sequence.schema, sequence.name)} owned by ${id(table.schema, table.name, replacement.physical)}`,
    ),
    after: [
      ...(keepsDefault
        ? [alter(table, sql`alter column ${id(replacement.finalName)} set default ${raw(column.default ?? '')}`)]
        : []),
      // A bigint column whose numbers end where an integer's do would only look as if it had room.
      ...owned
        .filter(({ type, maximum }) => isBigint && maximum === limits[type]?.[1])
        .map((sequence) => sql`alter sequence ${id(sequence.schema, sequence.name)} as bigint`),
    ],
  }
}

// An identity's sequence cannot change hands. Its position is kept in another one while its column goes.
function carryIdentity(
  carrying: Carrying,
  column: Column,
  { finalName, type }: Replacement,
  identity: { readonly kind: 'always' | 'by_default'; readonly sequence: ObjectName },
): CarryPart {
  const { table, catalog, parser } = carrying
  const sequence = catalog.sequences.find((each) => isSame(each, identity.sequence))
  const newType = integers[underlyingType(type, parser, catalog)?.name ?? '']
  if (sequence === undefined || newType === undefined) {
    return {
      problems: [
        {
          message: `The column ${column.name} of ${shown(carrying, table)} is an identity column, and one of type ${type} cannot be.`,
          remedy: 'Give the change a default, which then takes the place of the identity.',
        },
      ],
    }
  }
  const name = id(sequence.schema, sequence.name)
  const keeper = id(sequence.schema, temporaryName(carrying, 'sequence', table, sequence.name))
  const kind = raw(identity.kind === 'always' ? 'always' : 'by default')
  const options = join([sql`sequence name ${name}`, ...sequenceOptions(sequence, newType)], ' ')
  return {
    build: letRolesDraw(carrying, column, sequence),
    before: [
      sql`create sequence ${keeper} as ${raw(sequence.type)} minvalue ${raw(sequence.minimum)} maxvalue ${raw(sequence.maximum)}`,
      setPosition(keeper, name),
    ],
    after: [
      alter(table, sql`alter column ${id(finalName)} add generated ${kind} as identity (${options})`),
      setPosition(name, keeper),
      sql`drop sequence ${keeper}`,
      ...grantsOn(sequence, sequence.grants),
      ...commentOn(sql`sequence ${name}`, sequence.comment),
    ],
  }
}

// Whoever inserts into a table with an identity column needs no privilege on its sequence, and new sessions now do.
function letRolesDraw(carrying: Carrying, column: Column, sequence: Sequence) {
  const { table } = carrying
  const inserts = [...table.grants, ...table.columns.flatMap(({ grants }) => grants)]
    .filter(({ privileges }) => privileges.includes('insert'))
    .map(({ grantee }) => grantee)
  const may = (grantee: string) =>
    sequence.grants.some((grant) => grant.grantee === grantee && grant.privileges.includes('usage'))
  const roles = [...new Set(inserts)].filter((grantee) => !may(grantee)).toSorted()
  if (roles.length === 0) return []
  const name = id(sequence.schema, sequence.name)
  const list = join(roles.map(role))
  return [
    transactionStep(carrying, {
      key: keyOf('sequence', table, sequence.name),
      label: `let sessions of the new version number ${column.name} of ${shown(carrying, table)}`,
      locks: [],
      statements: [sql`grant usage on sequence ${name} to ${list}`],
      undo: { locks: [], statements: [sql`revoke usage on sequence ${name} from ${list}`] },
    }),
  ]
}

function setPosition(sequence: Sql, from: Sql): Sql {
  const name = literal(sequence.inline('postgres'))
  return sql`select pg_catalog.setval(${name}::regclass, last_value, is_called) from ${from}`
}

function sequenceOptions(sequence: Sequence, newType: string): readonly Sql[] {
  const [minimum, maximum] = limits[sequence.type] ?? []
  const [newMinimum, newMaximum] = limits[newType] ?? []
  const ascending = !sequence.increment.startsWith('-')
  // A limit that is just the old type's becomes the new one's, as ALTER COLUMN TYPE has it.
  const lowest = !ascending && sequence.minimum === minimum ? newMinimum : sequence.minimum
  const highest = ascending && sequence.maximum === maximum ? newMaximum : sequence.maximum
  return [
    sql`start with ${raw(sequence.start)}`,
    sql`increment by ${raw(sequence.increment)}`,
    sql`minvalue ${raw(lowest ?? sequence.minimum)}`,
    sql`maxvalue ${raw(highest ?? sequence.maximum)}`,
    sql`cache ${raw(sequence.cache)}`,
    ...(sequence.cycle ? [sql`cycle`] : []),
  ]
}

const integers: Readonly<Record<string, string>> = { int2: 'smallint', int4: 'integer', int8: 'bigint' }
const limits: Readonly<Record<string, readonly [string, string]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
}

function grantsOn(sequence: Sequence, grants: readonly Grant[]): readonly Sql[] {
  const name = id(sequence.schema, sequence.name)
  return grants.flatMap(({ grantee, privileges, grantOption }) => {
    const list = raw(privileges.join(', '))
    const option = grantOption ? sql` with grant option` : sql``
    // Of the owner it is told only when something was taken away.
    const revoke = grantee === sequence.owner ? [sql`revoke all on sequence ${name} from ${role(grantee)}`] : []
    if (privileges.length === 0) return revoke
    return [...revoke, sql`grant ${list} on sequence ${name} to ${role(grantee)}${option}`]
  })
}

function nextValue({ schema, name }: ObjectName): SqlText {
  return `nextval(${literal(id(schema, name).inline('postgres')).inline('postgres')}::text)`
}

function drawsNumbers(expression: SqlText): boolean {
  return /\bnextval\s*\(/.test(expression)
}
