import { fileKeys, stepKeys } from './read-data-file.ts'
import { specialCells } from './read-cell.ts'

type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string', minLength: 1 }
const names: Schema = { anyOf: [text, { type: 'array', items: text, minItems: 1 }] }
const cells: Schema = { type: 'object', additionalProperties: { $ref: '#/$defs/cell' } }

// What stands at each key, beside its description, which the reader's own declaration has.
const stepShapes: Readonly<Record<keyof typeof stepKeys, Schema>> = {
  table: text,
  key: names,
  mode: { enum: ['upsert', 'insert-only', 'sync'] },
  defaults: cells,
  rows: { type: 'array', items: cells },
  rows_from: { type: 'string', pattern: '\\.(csv|jsonl|ndjson|json)$' },
  null: { type: 'string' },
}

const fileShapes: Readonly<Record<keyof typeof fileKeys, Schema>> = {
  environments: names,
  steps: { type: 'array', items: { $ref: '#/$defs/step' } },
  expect: { type: 'array', items: { $ref: '#/$defs/expectation' } },
}

const cellShapes: Readonly<Record<keyof typeof specialCells, Schema>> = {
  $ref: { ...cells, minProperties: 1 },
  $env: text,
  $file: text,
  $encrypt: { $ref: '#/$defs/cell' },
  $hash: { $ref: '#/$defs/cell' },
  $uuid: { anyOf: [{ const: true }, text] },
  $now: { const: true },
  $literal: {},
}

const besideShapes: Readonly<Record<string, Schema>> = {
  table: text,
  column: text,
  default: {},
  encoding: { enum: ['text', 'base64', 'bytes'] },
  algorithm: { enum: ['bcrypt', 'argon2id', 'scrypt'] },
  cost: { type: 'integer', minimum: 4, maximum: 20 },
}

/** The JSON Schema (draft 2020-12) of data files, by which editors complete and check them while they are written. */
export function seedSchema(): string {
  const step = described(stepKeys, stepShapes)
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A data file of seeds',
    type: 'object',
    properties: { ...described(fileKeys, fileShapes), ...step },
    additionalProperties: false,
    $defs: {
      step: {
        type: 'object',
        properties: step,
        required: ['table'],
        oneOf: [{ required: ['rows'] }, { required: ['rows_from'] }],
        additionalProperties: false,
      },
      cell: {
        anyOf: [{ not: { type: 'object' } }, ...specials(), { type: 'object', propertyNames: { pattern: '^[^$]' } }],
      },
      expectation: {
        type: 'object',
        properties: {
          table: text,
          where: text,
          count: { type: 'integer', minimum: 0 },
          query: text,
          equals: {},
          rows: { type: 'array' },
          name: text,
        },
        oneOf: [{ required: ['table', 'count'] }, { required: ['query', 'equals'] }, { required: ['query', 'rows'] }],
        additionalProperties: false,
      },
    },
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** The keys of data files, and the special cells, for the manual: what is written and what it means. */
export function seedReference(): {
  readonly keys: readonly (readonly [string, string])[]
  readonly cells: readonly (readonly [string, string, string])[]
} {
  return {
    keys: Object.entries({ ...stepKeys, ...fileKeys }),
    cells: Object.entries(specialCells).map(([mark, { beside, says }]) => [mark, beside.join(', ') || 'nothing', says]),
  }
}

function described(
  keys: Readonly<Record<string, string>>,
  shapes: Readonly<Record<string, Schema>>,
): Record<string, Schema> {
  return Object.fromEntries(Object.entries(keys).map(([key, description]) => [key, { description, ...shapes[key] }]))
}

function specials(): Schema[] {
  return Object.entries(specialCells).map(([mark, { beside, says }]) => ({
    type: 'object',
    description: says,
    properties: {
      [mark]: cellShapes[mark as keyof typeof specialCells],
      ...Object.fromEntries(beside.map((name) => [name, besideShapes[name] ?? {}])),
    },
    required: [mark],
    additionalProperties: false,
  }))
}
