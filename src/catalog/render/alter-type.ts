import { id, literal, raw, type Sql, sql } from '../../database/sql.ts'
import { orderChange } from '../diff/properties.ts'
import type { CompositeType, DomainType, EnumType } from '../schema-object.ts'
import type { Alteration, Altered } from './alteration.ts'
import { alterRights } from './alter-object.ts'
import { addRule, attributeDefinition, commentOnRule } from './make-type.ts'
import type { Making } from './making.ts'
import { commentOn } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'

type TypeAltered = Altered<'type'>

/** A type that need not be made anew. */
export function alterType(making: Making, altered: TypeAltered): Alteration {
  const { value, before } = altered
  const rights = alterRights(making, altered)
  if (value.kind === 'enum' && before.kind === 'enum') {
    return { statements: [...newLabels(altered, value, before), ...rights], unrendered: [] }
  }
  if (value.kind === 'domain' && before.kind === 'domain') {
    return { statements: [...domainChanges(altered, value, before), ...rights], unrendered: [] }
  }
  if (value.kind === 'composite' && before.kind === 'composite') {
    const { statements, unrendered } = attributeChanges(altered, value, before)
    return { statements: [...statements, ...rights], unrendered }
  }
  return { statements: rights, unrendered: [] }
}

// From the first on, each is put where the one after it can be found.
function newLabels({ object }: TypeAltered, { labels }: EnumType, before: EnumType): RenderedStatement[] {
  return labels.flatMap((label, place) => {
    if (before.labels.includes(label)) return []
    const previous = labels[place - 1]
    const next = before.labels[0]
    const where =
      previous !== undefined
        ? sql` after ${literal(previous)}`
        : next === undefined
          ? sql``
          : sql` before ${literal(next)}`
    return [statement(object, 'alter', sql`alter type ${id(...object.path)} add value ${literal(label)}${where}`)]
  })
}

function domainChanges({ object }: TypeAltered, value: DomainType, before: DomainType): RenderedStatement[] {
  const alter = (change: Sql, repair = true) =>
    statement(object, 'alter', sql`alter domain ${id(...object.path)} ${change}`, { repair })
  const same = (rule: DomainType['constraints'][number], list: DomainType) =>
    list.constraints.find(
      ({ name, kind, definition }) =>
        name === rule.name && kind === rule.kind && plain(definition) === plain(rule.definition),
    )
  const gone = before.constraints.filter((rule) => rule.kind === 'check' && !toBe(rule))
  const fresh = value.constraints.filter((rule) => rule.kind === 'check' && !stays(rule))
  function toBe(rule: DomainType['constraints'][number]) {
    const now = same(rule, value)
    return now !== undefined && (now.validated || !rule.validated)
  }
  function stays(rule: DomainType['constraints'][number]) {
    const was = same(rule, before)
    return was !== undefined && (rule.validated || !was.validated)
  }
  return [
    ...gone.map(({ name }) => alter(sql`drop constraint ${id(name)}`)),
    ...defaultChange(value, before).map((change) => alter(change)),
    ...notNullChange(value, before).map((change) => alter(change)),
    ...fresh.map((rule) => addRule(object, rule)),
    ...value.constraints
      .filter(
        (rule) => rule.kind === 'check' && stays(rule) && rule.validated && same(rule, before)?.validated === false,
      )
      .map(({ name }) => alter(sql`validate constraint ${id(name)}`)),
    ...value.constraints.flatMap((rule) => {
      const comment = stays(rule) || rule.kind === 'not_null' ? (same(rule, before)?.comment ?? null) : null
      return comment === rule.comment ? [] : [commentOnRule(object, rule)]
    }),
  ]
}

function plain(definition: string): string {
  return definition.replace(/ NOT VALID$/, '')
}

function defaultChange(value: DomainType, before: DomainType): Sql[] {
  if (value.default === before.default) return []
  return [value.default === null ? raw('drop default') : raw(`set default ${value.default}`)]
}

// From PostgreSQL 17 on it has a name.
function notNullChange(value: DomainType, before: DomainType): Sql[] {
  const name = (type: DomainType) => type.constraints.find(({ kind }) => kind === 'not_null')?.name
  const [now, was] = [name(value), name(before)]
  const drop = raw('drop not null')
  const set = now === undefined ? raw('set not null') : sql`add constraint ${id(now)} not null`
  if (value.nullable !== before.nullable) return [value.nullable ? drop : set]
  return value.nullable || now === was ? [] : [drop, set]
}

function attributeChanges({ object }: TypeAltered, value: CompositeType, before: CompositeType): Alteration {
  const alter = (change: Sql, losesData = false) =>
    statement(object, 'alter', sql`alter type ${id(...object.path)} ${change}`, { losesData, repair: false })
  const find = ({ attributes }: CompositeType, name: string) => attributes.find((each) => each.name === name)
  const gone = before.attributes.filter(({ name }) => !find(value, name))
  const fresh = value.attributes.filter(({ name }) => !find(before, name))
  const changed = value.attributes.filter((now) => {
    const was = find(before, now.name)
    return was !== undefined && (was.type !== now.type || was.collation !== now.collation)
  })
  const order = [...before.attributes.filter((each) => !gone.includes(each)), ...fresh]
  return {
    statements: [
      ...gone.map(({ name }) => alter(sql`drop attribute ${id(name)}`, true)),
      ...changed.map((now) =>
        alter(
          sql`alter attribute ${id(now.name)} type ${raw(now.type)}${raw(now.collation === null ? '' : ` collate ${now.collation}`)}`,
          true,
        ),
      ),
      ...fresh.map((attribute) => alter(sql`add attribute ${attributeDefinition(attribute)}`)),
      ...value.attributes.flatMap(({ name, comment }) =>
        comment === (find(before, name)?.comment ?? null)
          ? []
          : [commentOn(object, comment, sql`column ${id(...object.path, name)}`)],
      ),
    ],
    unrendered:
      orderChange('attributes.order', value.attributes, order).length === 0
        ? []
        : ['The order of attributes cannot be changed; a new one comes last.'],
  }
}
