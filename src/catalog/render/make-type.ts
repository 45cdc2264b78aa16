import { id, join, literal, raw, type Sql, sql } from '../../database/sql.ts'
import type { CatalogObject } from '../objects.ts'
import type { Column } from '../relation.ts'
import type { DomainType, RangeType } from '../schema-object.ts'
import { furnish, type Making } from './making.ts'
import { commentOn } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'

type TypeObject = CatalogObject & { readonly kind: 'type' }

/** A type; the checks of a domain are within it if they can be. */
export function makeType(making: Making, object: TypeObject, withRules: boolean): RenderedStatement[] {
  const { value } = object
  const create = statement(object, 'create', createType(object, withRules))
  const rest = furnish(making, object)
  if (value.kind === 'domain') return [create, ...rest, ...(withRules ? ruleExtras(object, value) : [])]
  if (value.kind !== 'composite') return [create, ...rest]
  return [create, ...rest, ...value.attributes.flatMap((attribute) => attributeComment(object, attribute))]
}

function attributeComment(object: TypeObject, { name, comment }: Column): RenderedStatement[] {
  return comment === null ? [] : [commentOn(object, comment, sql`column ${id(...object.path, name)}`)]
}

function createType({ path, value }: TypeObject, withRules: boolean): Sql {
  const name = id(...path)
  switch (value.kind) {
    case 'enum':
      return sql`create type ${name} as enum (${join(value.labels.map((label) => literal(label)))})`
    case 'composite':
      return sql`create type ${name} as (${join(value.attributes.map(attributeDefinition))})`
    case 'range':
      return sql`create type ${name} as range (${join(rangeOptions(value))})`
    case 'domain':
      return sql`create domain ${name} as ${raw(value.base)}${join(domainClauses(value, withRules), '')}`
  }
}

/** An attribute of a composite type as CREATE TYPE and ADD ATTRIBUTE take it. */
export function attributeDefinition({ name, type, collation }: Column): Sql {
  return sql`${id(name)} ${raw(type)}${raw(collation === null ? '' : ` collate ${collation}`)}`
}

function rangeOptions(type: RangeType): Sql[] {
  const { subtype, operatorClass, collation, canonical, difference, multirange } = type
  return [
    sql`subtype = ${raw(subtype)}`,
    ...(operatorClass === null ? [] : [sql`subtype_opclass = ${raw(operatorClass)}`]),
    ...(collation === null ? [] : [sql`collation = ${raw(collation)}`]),
    ...(canonical === null ? [] : [sql`canonical = ${id(canonical.schema, canonical.name)}`]),
    ...(difference === null ? [] : [sql`subtype_diff = ${id(difference.schema, difference.name)}`]),
    ...(multirange === null ? [] : [sql`multirange_type_name = ${id(multirange.schema, multirange.name)}`]),
  ]
}

function domainClauses(type: DomainType, withRules: boolean): Sql[] {
  const notNull = type.constraints.find(({ kind }) => kind === 'not_null')
  const rules = withRules ? type.constraints.filter(({ kind, validated }) => kind === 'check' && validated) : []
  return [
    ...(type.collation === null ? [] : [raw(` collate ${type.collation}`)]),
    ...(type.default === null ? [] : [raw(` default ${type.default}`)]),
    ...(type.nullable ? [] : [sql`${notNull ? sql` constraint ${id(notNull.name)}` : sql``} not null`]),
    ...rules.map((rule) => sql` constraint ${id(rule.name)} ${raw(rule.definition)}`),
  ]
}

// A rule that is not validated cannot be made with the domain.
function ruleExtras(object: TypeObject, type: DomainType): RenderedStatement[] {
  const late = type.constraints.filter(({ kind, validated }) => kind === 'check' && !validated)
  return [
    ...late.map((rule) => addRule(object, rule)),
    ...type.constraints.flatMap((rule) => (rule.comment === null ? [] : [commentOnRule(object, rule)])),
  ]
}

/** All rules of a domain, for one whose rules need what needs the domain. */
export function makeRules(object: TypeObject, type: DomainType): RenderedStatement[] {
  return [
    ...type.constraints.filter(({ kind }) => kind === 'check').map((rule) => addRule(object, rule)),
    ...type.constraints.flatMap((rule) => (rule.comment === null ? [] : [commentOnRule(object, rule)])),
  ]
}

/** Adds a rule to a domain. */
export function addRule(
  object: TypeObject,
  { name, definition }: DomainType['constraints'][number],
): RenderedStatement {
  const change = sql`alter domain ${id(...object.path)} add constraint ${id(name)} ${raw(definition)}`
  return statement(object, 'alter', change)
}

/** The comment on a rule of a domain. */
export function commentOnRule(
  object: TypeObject,
  { name, comment }: Pick<DomainType['constraints'][number], 'name' | 'comment'>,
): RenderedStatement {
  return commentOn(object, comment, sql`constraint ${id(name)} on domain ${id(...object.path)}`)
}
