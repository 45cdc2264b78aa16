import type { Constraint } from '../constraint.ts'
import type { Index, IndexKey } from '../relation.ts'
import type { IndexKeyValue, IndexValue, TableFacts } from './sqlite-rows.ts'
import { readCreateIndex } from './sqlite-statements.ts'
import { foldCase } from './sqlite-tokens.ts'

/** The columns of an index, in their order. */
export function indexColumns({ indexKeys }: TableFacts, { name }: IndexValue): (string | null)[] {
  return keysOf(indexKeys, name).map(({ column }) => column)
}

/**
 * The indexes of a table. One that SQLite made for a constraint has the name of that, because its own
 * (`sqlite_autoindex_runs_2`) depends on the order in which constraints were written.
 */
export function toIndexes(facts: TableFacts, constraints: readonly Constraint[]): Index[] {
  const serving = new Set<string>()
  return facts.indexes.map((value): Index => {
    const columns = indexColumns(facts, value).join('\0')
    const constraint = constraints.find(
      (each) =>
        (value.origin === 'pk' ? each.kind === 'primary_key' : value.origin === 'u' && each.kind === 'unique') &&
        'columns' in each &&
        each.columns.join('\0') === columns &&
        !serving.has(each.name),
    )
    if (constraint) serving.add(constraint.name)
    const text = value.sql === null ? undefined : readCreateIndex(value.sql)
    return {
      name: constraint?.name ?? value.name,
      method: 'btree',
      keys: keysOf(facts.indexKeys, value.name).map((key) => toKey(facts, key, text?.keys[key.place])),
      include: [],
      unique: value.unique === 1,
      nullsNotDistinct: false,
      predicate: text?.predicate ?? null,
      valid: true,
      ready: true,
      clustered: false,
      replicaIdentity: false,
      constraint: constraint?.name ?? null,
      partOf: null,
      tablespace: null,
      options: {},
      comment: null,
      definition: value.sql,
    }
  })
}

function toKey(facts: TableFacts, key: IndexKeyValue, expression = ''): IndexKey {
  const { column } = key
  const target = column === null ? ({ kind: 'expression', expression } as const) : ({ kind: 'column', column } as const)
  const usual = facts.text.columns.get(foldCase(column ?? ''))?.collation ?? 'BINARY'
  const descending = key.descending === 1
  return {
    ...target,
    order: descending ? 'desc' : 'asc',
    // To SQLite nulls are smaller than anything else.
    nulls: descending ? 'last' : 'first',
    operatorClass: null,
    operatorClassOptions: {},
    collation: key.collation?.toLowerCase() === usual.toLowerCase() ? null : key.collation,
  }
}

function keysOf(keys: readonly IndexKeyValue[], index: string): IndexKeyValue[] {
  return keys.filter((key) => key.index === index).sort((left, right) => left.place - right.place)
}
