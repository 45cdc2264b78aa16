import type { Change, Difference } from './diff.ts'
import { displayName, type Grant } from './object.ts'
import type { CatalogObject } from './objects.ts'
import type { IndexKey } from './relation.ts'
import { displayObject } from './render/statement.ts'

/** A difference as one sentence: `Column public.runs.cost is integer, but should be bigint.` */
export function describeDifference(difference: Difference): string {
  const { kind, expected, actual } = difference
  const what = capital(displayObject((expected ?? actual) as CatalogObject))
  if (kind === 'missing') return `${what} is missing.`
  if (kind === 'unexpected') return `${what} is there, but is not expected.`
  const told = withoutEchoes(difference)
  const phrases = told.map((change) => phrase(change))
  return `${what} ${phrases.join('; ')}.`
}

// What a definition says is also said property by property; it is told only where nothing else is.
function withoutEchoes({ object, changes }: Difference): readonly Change[] {
  const rest = changes.filter(({ property }) => property !== 'definition' && !property.endsWith('.definition'))
  if (object.kind === 'view') {
    const own = changes.filter(({ property }) => !/^columns\..*\.(type|nullable|collation|name)$/.test(property))
    return own.length > 0 ? own : changes
  }
  return rest.length > 0 ? rest : changes
}

/** What is so, and what should be, for a property that is true and for one that is not. */
const yesOrNo: Readonly<
  Record<string, { readonly is: readonly [string, string]; readonly should: readonly [string, string] }>
> = {
  nullable: { is: ['can be null', 'cannot be null'], should: ['be nullable', 'be not null'] },
  unique: { is: ['is unique', 'is not unique'], should: ['be unique', 'not be unique'] },
  valid: { is: ['is valid', 'is invalid'], should: ['be valid', 'be invalid'] },
  validated: { is: ['is validated', 'is not validated'], should: ['be validated', 'not be validated'] },
  enforced: { is: ['is enforced', 'is not enforced'], should: ['be enforced', 'not be enforced'] },
  triggersEnabled: {
    is: ['has its triggers enabled', 'has its triggers disabled'],
    should: ['have them enabled', 'have them disabled'],
  },
  'rowSecurity.enabled': {
    is: ['has row-level security on', 'has row-level security off'],
    should: ['have it on', 'have it off'],
  },
  'rowSecurity.forced': {
    is: ['has row-level security forced', 'does not have row-level security forced'],
    should: ['have it forced', 'not have it forced'],
  },
  securityDefiner: {
    is: ['runs as its owner', 'runs as its caller'],
    should: ['run as its owner', 'run as its caller'],
  },
  populated: { is: ['is populated', 'is not populated'], should: ['be populated', 'not be populated'] },
}

function phrase({ property, expected, actual }: Change): string {
  const words = yesOrNo[property]
  if (words !== undefined && typeof expected === 'boolean' && typeof actual === 'boolean') {
    return `${words.is[actual ? 0 : 1]}, but should ${words.should[expected ? 0 : 1]}`
  }
  if (property === 'keys') return `is on ${keysText(actual)}, but should be on ${keysText(expected)}`
  if (property === 'enabled') return `is ${firing(actual)}, but should be ${firing(expected)}`
  if (property === 'type') return `is ${text(actual)}, but should be ${text(expected)}`
  if (property === 'definition') return 'is defined otherwise than it should be'
  if (property === 'columns.order' || property === 'attributes.order') {
    return `has its columns in the order ${text(actual)}, but should have ${text(expected)}`
  }
  const name = spelled(property)
  if (actual === null) return `has no ${name}, but should have ${text(expected)}`
  if (expected === null) return `has ${name} ${text(actual)}, but should have none`
  return `has ${name} ${text(actual)}, but should have ${text(expected)}`
}

// When a trigger or a rule fires.
function firing(value: unknown): string {
  const words: Readonly<Record<string, string>> = {
    origin: 'enabled',
    replica: 'enabled for replication only',
    always: 'enabled always, for replication as well',
  }
  return words[text(value)] ?? text(value)
}

// `references.onDelete` is `references on delete`.
function spelled(property: string): string {
  return property
    .split('.')
    .map((part) => part.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll('_', ' '))
    .join(' ')
}

function text(value: unknown): string {
  if (value === null) return 'none'
  if (typeof value === 'string') return value.replaceAll(/\s+/g, ' ').trim()
  if (typeof value !== 'object') return JSON.stringify(value)
  if (!Array.isArray(value)) return record(value)
  if (value.length === 0) return 'none'
  return value.map((item: unknown) => (isGrant(item) ? grant(item) : text(item))).join(', ')
}

function keysText(value: unknown): string {
  const keys = Array.isArray(value) ? (value as readonly IndexKey[]) : []
  return keys
    .map(
      (key) =>
        `${key.kind === 'column' ? displayName(key.column) : key.expression}${key.order === 'desc' ? ' desc' : ''}`,
    )
    .join(', ')
}

function record(value: object): string {
  const { schema, name } = value as { schema?: unknown; name?: unknown }
  if (typeof schema === 'string' && typeof name === 'string') return `${displayName(schema)}.${displayName(name)}`
  return JSON.stringify(value)
}

function isGrant(value: unknown): value is Grant {
  return typeof value === 'object' && value !== null && 'grantee' in value && 'privileges' in value
}

function grant({ grantee, privileges, grantOption }: Grant): string {
  const list = privileges.length === 0 ? 'nothing' : privileges.join(' and ')
  return `${list} to ${displayName(grantee)}${grantOption ? ' with grant option' : ''}`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
