import * as z from 'zod'
import type { GraphSchemas } from './executor.ts'
import type { CompiledGraph } from './graph.ts'

/** What a builder of LangGraph.js keeps of its declarations. Nothing of it is promised: any of it may be missing. */
interface Builder {
  /** The channels of the state, of the input and of the output, by name: all that there is of annotations. */
  readonly _schemaDefinition?: object
  readonly _inputDefinition?: object
  readonly _outputDefinition?: object
  /** The same as a StateSchema or an object of Zod, where they are declared so. */
  readonly _schemaRuntimeDefinition?: unknown
  readonly _inputRuntimeDefinition?: unknown
  readonly _outputRuntimeDefinition?: unknown
  readonly _configRuntimeSchema?: unknown
  /** What is said of the fields of an object of Zod beside it. */
  readonly _metaRegistry?: { get(schema: unknown): FieldNotes | undefined }
}

interface FieldNotes {
  readonly reducer?: { readonly schema?: unknown }
  readonly jsonSchemaExtra?: object
}

/** A field of a state: what it holds, what may be written into it, and what its JSON Schema says besides. */
interface Field {
  readonly value?: unknown
  readonly update?: unknown
  readonly extra?: object | undefined
}

type Fields = Readonly<Record<string, Field>>

/**
 * The JSON Schemas of a graph, as far as its state is declared by a schema library. Of a state that is declared by annotations
 * the names of its fields are known, and of a graph that is no StateGraph nothing.
 */
export function schemasOf(graphId: string, graph: CompiledGraph): GraphSchemas {
  const { builder = {} } = graph as { readonly builder?: Builder }
  const declared = (definition: unknown): Fields => fieldsOf(definition, builder)
  const state = declared(builder._schemaRuntimeDefinition)
  /** The fields of these channels, as `definition` declares them, or else the state. */
  const among = (channels: object | undefined, definition: unknown): Fields => {
    const own = { ...state, ...declared(definition) }
    const names = Object.keys(channels ?? own)
    return Object.fromEntries(names.map((name) => [name, own[name] ?? {}]))
  }
  const whole = among(builder._schemaDefinition, builder._schemaRuntimeDefinition)
  return {
    graph_id: graphId,
    input_schema: jsonSchemaOf(among(builder._inputDefinition, builder._inputRuntimeDefinition), 'update'),
    output_schema: jsonSchemaOf(among(builder._outputDefinition, builder._outputRuntimeDefinition), 'value'),
    state_schema: jsonSchemaOf(whole, 'value'),
    // What is declared is the context's, which runs here always have; LangGraph.js looks at `configurable` only without one.
    config_schema: null,
    context_schema: jsonSchemaOf(declared(builder._configRuntimeSchema), 'value'),
  }
}

function fieldsOf(definition: unknown, { _metaRegistry: notes }: Builder): Fields {
  if (typeof definition !== 'object' || definition === null) return {}
  if ('fields' in definition) return mapFields(definition.fields, fieldOfStateSchema)
  if (!('shape' in definition)) return {}
  return mapFields(definition.shape, (value) => {
    const { reducer, jsonSchemaExtra: extra } = notes?.get(value) ?? {}
    return { value, update: reducer?.schema ?? value, extra }
  })
}

function mapFields(fields: unknown, fieldOf: (declared: unknown) => Field): Fields {
  return Object.fromEntries(Object.entries(fields as object).map(([name, declared]) => [name, fieldOf(declared)]))
}

// A field of a StateSchema is a schema, or says what schemas its values and updates have.
function fieldOfStateSchema(declared: unknown): Field {
  const { valueSchema, inputSchema, schema, jsonSchemaExtra } = declared as Readonly<Record<string, unknown>>
  if (valueSchema !== undefined) {
    return { value: valueSchema, update: inputSchema, extra: jsonSchemaExtra as object | undefined }
  }
  const value = typeof declared === 'object' && declared !== null && '~standard' in declared ? declared : schema
  return { value, update: value }
}

function jsonSchemaOf(fields: Fields, part: 'value' | 'update'): object | null {
  const entries = Object.entries(fields)
  // A state that is one value and no object has no fields.
  if (entries.length === 0 || '__root__' in fields) return null
  try {
    const shape = Object.fromEntries(entries.map(([name, field]) => [name, zodOf(field[part])]))
    const { required, ...made } = z.toJSONSchema(z.object(shape), { io: 'input', unrepresentable: 'any' })
    const properties = Object.entries(made.properties ?? {}).map(([name, schema]) => [
      name,
      { ...(schema as object), ...fields[name]?.extra },
    ])
    const needed = part === 'value' && required !== undefined ? { required } : {}
    return { ...made, properties: Object.fromEntries(properties) as object, ...needed }
  } catch {
    // Such as two parts under one id.
    return null
  }
}

function zodOf(schema: unknown): z.ZodType {
  if (typeof schema === 'object' && schema !== null && '_zod' in schema) return schema as z.ZodType
  return z.unknown().optional().meta(standardSchema(schema))
}

/** What a schema of another library says of itself (Standard JSON Schema); nothing where it does not. */
function standardSchema(schema: unknown): Record<string, unknown> {
  const { '~standard': standard } = (schema ?? {}) as {
    readonly '~standard'?: { readonly jsonSchema?: { input(options: object): Record<string, unknown> } }
  }
  try {
    const said = standard?.jsonSchema?.input({ target: 'draft-2020-12' }) ?? {}
    // In the whole, its references would lead elsewhere.
    return JSON.stringify(said).includes('"$ref"') ? {} : said
  } catch {
    return {}
  }
}
