import { join, sql, type Sql } from '../../database/database.ts'
import { invalid } from '../failures.ts'
import { json, refuseNul } from '../values.ts'

/**
 * What fields of a value must be: a value, an object that is a part of it, or conditions: `$eq $ne $gt $gte $lt $lte $in $nin
 * $exists`.
 */
export type ItemFilter = Readonly<Record<string, unknown>>

/** The conditions of a filter. They compare like with like: a number is greater than numbers alone. Throws `request_invalid`. */
export function itemFilter(filter: ItemFilter): Sql[] {
  refuseNul(filter, 'filter')
  return Object.entries(filter).flatMap(([key, wanted]) => {
    const field = sql`(value -> ${key}::text)`
    const path = `filter.${key}`
    if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
      return [sql`${field} = ${json(wanted)}`]
    }
    const conditions = Object.entries(wanted)
    if (!conditions.some(([name]) => name.startsWith('$'))) return [sql`${field} @> ${json(wanted)}`]
    return conditions.map(([name, operand]) => {
      const condition = Object.hasOwn(operators, name) ? operators[name] : undefined
      if (condition !== undefined) return condition(field, operand, `${path}.${name}`)
      throw invalid(`${path}.${name}`, `There is no operator ${name}; there are ${Object.keys(operators).join(', ')}.`)
    })
  })
}

type Operator = (field: Sql, operand: unknown, path: string) => Sql

const operators: Readonly<Record<string, Operator>> = {
  $eq: (field, operand) => sql`${field} = ${json(operand)}`,
  // Also where the field is missing.
  $ne: (field, operand) => sql`${field} is distinct from ${json(operand)}`,
  $gt: comparison(sql`>`),
  $gte: comparison(sql`>=`),
  $lt: comparison(sql`<`),
  $lte: comparison(sql`<=`),
  $in: (field, operand, path) => sql`coalesce(${field} = any(${list(operand, path)}), false)`,
  $nin: (field, operand, path) => sql`not coalesce(${field} = any(${list(operand, path)}), false)`,
  $exists: (field, operand, path) => {
    if (typeof operand !== 'boolean') throw invalid(path, 'Write true or false.')
    return operand ? sql`${field} is not null` : sql`${field} is null`
  },
}

function comparison(operator: Sql): Operator {
  return (field, operand, path) => {
    if (typeof operand !== 'number' && typeof operand !== 'string') throw invalid(path, 'Write a number or a text.')
    return sql`case when jsonb_typeof(${field}) = ${typeof operand} then ${field} ${operator} ${json(operand)} else false end`
  }
}

function list(operand: unknown, path: string): Sql {
  if (!Array.isArray(operand)) throw invalid(path, 'Write a list.')
  return sql`array[${join(operand.map((value) => json(value)))}]::jsonb[]`
}
