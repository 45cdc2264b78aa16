import { actionFile } from './declarations.ts'
import { sqlKinds, structures, type SqlKind } from './schema.ts'
import { elementOf, isOptional, keysOf, kindOf, meaningOf, optionsOf, wordsOf, type Schema } from './schema-walk.ts'

/** A key as the manual describes it, in Markdown. */
export interface KeyReference {
  readonly key: string
  readonly type: string
  readonly required: boolean
  readonly meaning: string
}

/** The keys of every action and of every table that actions share, by what the manual calls them, in its order. */
export function keyReferences(): ReadonlyMap<string, readonly KeyReference[]> {
  const references = new Map<string, readonly KeyReference[]>()
  const visit = (schema: Schema): void => {
    for (const option of optionsOf(schema)) {
      const { structure } = structures.get(option) ?? {}
      const keys = keysOf(option)
      if (structure !== undefined && keys !== undefined && !references.has(structure)) {
        references.set(structure, keys.map(referenceOf))
      }
      for (const inner of keys?.map(([, schemaOfKey]) => schemaOfKey) ?? elementOf(option)) visit(inner)
    }
  }
  visit(actionFile)
  return references
}

function referenceOf([key, schema]: readonly [string, Schema]): KeyReference {
  return { key, type: typeOf(schema), required: !isOptional(schema), meaning: meaningOf(schema) }
}

const sqlNames: Readonly<Record<SqlKind, string>> = {
  expression: 'SQL expression',
  type: 'SQL type',
  generation: 'SQL clause',
  query: 'SQL query',
  script: 'SQL statements',
}

function typeOf(schema: Schema): string {
  const words = wordsOf(schema)
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ')
  return [...new Set(optionsOf(schema).map(optionType))].join(' or ')
}

function optionType(option: Schema): string {
  const kind = sqlKinds.get(option)?.kind
  if (kind !== undefined) return sqlNames[kind]
  const { structure } = structures.get(option) ?? {}
  switch (kindOf(option)) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'boolean'
    case 'list': {
      const elements = elementOf(option).flatMap(optionsOf)
      const isAction = elements.some(
        (element) => keysOf(element)?.some(([key]) => key === 'type') && elements.length > 2,
      )
      return `array of ${isAction ? 'actions' : [...new Set(elements.map(optionType))].map(plural).join(' or ')}`
    }
    case 'map':
      return 'table of SQL expressions'
    case 'table':
      return structure === undefined ? 'table' : `[${structure}](#${structure.toLowerCase().replaceAll(' ', '-')})`
  }
}

function plural(type: string): string {
  return type === 'string' ? 'strings' : type
}
