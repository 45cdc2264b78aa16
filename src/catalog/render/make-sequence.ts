import { id, join, raw, type Sql, sql } from '../../database/sql.ts'
import type { CatalogObject } from '../objects.ts'
import type { Sequence } from '../schema-object.ts'
import { furnish, type Making } from './making.ts'
import { type RenderedStatement, statement } from './statement.ts'

type SequenceObject = CatalogObject & { readonly kind: 'sequence' }

/** A sequence of its own; whose it is comes later. */
export function makeSequence(making: Making, object: SequenceObject): RenderedStatement[] {
  const { value } = object
  const unlogged = raw(value.persistence === 'unlogged' ? 'unlogged ' : '')
  const create = sql`create ${unlogged}sequence ${id(...object.path)} as ${raw(value.type)} ${sequenceOptions(value)}`
  return [statement(object, 'create', create), ...furnish(making, object)]
}

/** How a sequence counts, as CREATE, ALTER SEQUENCE and identity columns take it. */
export function sequenceOptions(sequence: Sequence): Sql {
  const { start, increment, minimum, maximum, cache, cycle } = sequence
  const options = [
    `increment ${increment}`,
    `minvalue ${minimum}`,
    `maxvalue ${maximum}`,
    `start ${start}`,
    `cache ${cache}`,
  ]
  return join([...options.map((option) => raw(option)), raw(cycle ? 'cycle' : 'no cycle')], ' ')
}

/** The column that a sequence is dropped with. */
export function ownSequence(object: SequenceObject): RenderedStatement {
  const { ownedBy } = object.value
  const owner = ownedBy === null ? raw('none') : id(ownedBy.table.schema, ownedBy.table.name, ownedBy.column)
  return statement(object, 'alter', sql`alter sequence ${id(...object.path)} owned by ${owner}`)
}
