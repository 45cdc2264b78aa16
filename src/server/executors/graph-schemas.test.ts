import {
  Annotation,
  END,
  MessagesValue,
  ReducedValue,
  START,
  StateGraph,
  StateSchema,
  entrypoint,
} from '@langchain/langgraph'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { CompiledGraph } from './graph.ts'
import { schemasOf } from './graph-schemas.ts'

// Its types would change those of Zod in all of the project.
const notes: string = '@langchain/langgraph/zod'
const { withLangGraph } = (await import(notes)) as { withLangGraph(schema: z.ZodType, notes: object): z.ZodType }

const dialect = { $schema: 'https://json-schema.org/draft/2020-12/schema' }
const texts = { type: 'array', items: { type: 'string' } }

/** A graph of one node, with these declarations. */
function graphOf(...declarations: unknown[]): CompiledGraph {
  const builder = new (StateGraph as unknown as new (...given: unknown[]) => StateGraph<unknown>)(...declarations)
  return builder
    .addNode('node', () => ({}))
    .addEdge(START, 'node')
    .addEdge('node', END)
    .compile()
}

describe('the schemas of a graph', () => {
  test('are those of an object of Zod: the input is what its reducers take, and any part of it', () => {
    const items = withLangGraph(z.array(z.string()), {
      default: () => [],
      reducer: { schema: z.string(), fn: (all: string[], more: string) => [...all, more] },
      jsonSchemaExtra: { langgraph_type: 'messages' },
    })
    const State = z.object({ text: z.string().describe('What is said'), loud: z.boolean().default(false), items })
    const Context = z.object({ model: z.string(), temperature: z.number().max(2).optional() })
    const properties = {
      text: { type: 'string', description: 'What is said' },
      loud: { type: 'boolean', default: false },
      items: { ...texts, langgraph_type: 'messages' },
    }
    expect(schemasOf('zod', graphOf(State, Context))).toEqual({
      graph_id: 'zod',
      input_schema: {
        ...dialect,
        type: 'object',
        properties: { ...properties, items: { type: 'string', langgraph_type: 'messages' } },
      },
      output_schema: { ...dialect, type: 'object', properties, required: ['text', 'items'] },
      state_schema: { ...dialect, type: 'object', properties, required: ['text', 'items'] },
      config_schema: null,
      context_schema: {
        ...dialect,
        type: 'object',
        properties: { model: { type: 'string' }, temperature: { type: 'number', maximum: 2 } },
        required: ['model'],
      },
    })
  })

  test('are those of a StateSchema, with messages known as such', () => {
    const State = new StateSchema({
      messages: MessagesValue,
      text: z.string(),
      items: new ReducedValue(z.array(z.string()).default([]), {
        inputSchema: z.string(),
        reducer: (all: string[], more: string) => [...all, more],
      }),
    })
    const { input_schema: input, state_schema: state } = schemasOf('state', graphOf(State))
    expect(input).toMatchObject({
      properties: { messages: { langgraph_type: 'messages' }, text: { type: 'string' }, items: { type: 'string' } },
    })
    expect(input).not.toHaveProperty('required')
    expect(state).toMatchObject({ properties: { items: texts }, required: ['text'] })
  })

  test('say of annotations the names alone, and of an input or output of its own only what is in it', () => {
    const State = Annotation.Root({ text: Annotation<string>, said: Annotation<string>, secret: Annotation<string> })
    const Input = Annotation.Root({ text: Annotation<string> })
    const Output = z.object({ said: z.string() })
    const graph = graphOf({ state: State, input: Input, output: Output })
    const named = (properties: object) => ({ ...dialect, type: 'object', properties })
    expect(schemasOf('annotations', graph)).toEqual({
      graph_id: 'annotations',
      input_schema: named({ text: {} }),
      output_schema: { ...named({ said: { type: 'string' } }), required: ['said'] },
      state_schema: named({ text: {}, said: {}, secret: {} }),
      config_schema: null,
      context_schema: null,
    })
  })

  test('keep the references of a schema that is its own part', () => {
    interface Tree {
      readonly branches: readonly Tree[]
    }
    const tree: z.ZodType<Tree> = z.object({ branches: z.array(z.lazy(() => tree)) })
    expect(schemasOf('tree', graphOf(z.object({ tree }))).state_schema).toMatchObject({
      properties: { tree: { $ref: '#/$defs/__schema0' } },
      $defs: { __schema0: { properties: { branches: { items: { $ref: '#/$defs/__schema0' } } } } },
    })
  })

  test('are those that another library gives, where it gives any and they refer to no parts of themselves', () => {
    const standard = (input: () => object) => ({
      '~standard': {
        version: 1,
        vendor: 'other',
        validate: (value: unknown) => ({ value }),
        jsonSchema: { input },
      },
    })
    const State = new StateSchema({
      text: standard(() => ({ type: 'string' })) as never,
      tree: standard(() => ({ $ref: '#/$defs/tree' })) as never,
      regret: standard(() => expect.fail('It has none.')) as never,
    })
    expect(schemasOf('other', graphOf(State)).state_schema).toEqual({
      ...dialect,
      type: 'object',
      properties: { text: { type: 'string' }, tree: {}, regret: {} },
    })
  })

  test('have what JSON cannot say as anything, and are null where nothing is known', () => {
    const State = z.object({ when: z.date(), what: z.string().transform((text) => text.length) })
    expect(schemasOf('dates', graphOf(State)).state_schema).toMatchObject({
      properties: { when: {}, what: { type: 'string' } },
    })
    const twice = z.object({ one: z.string().meta({ id: 'same' }), other: z.number().meta({ id: 'same' }) })
    expect(schemasOf('twice', graphOf(twice)).state_schema).toBeNull()
    const made = entrypoint('function', async (text: string) => text) as unknown as CompiledGraph
    expect(Object.values(schemasOf('function', made))).toEqual(['function', null, null, null, null, null])
  })
})
