import type { GraphSchemas } from '../executor.ts'
import { node } from './conversation-state.ts'

const message = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    type: { type: 'string', enum: ['human', 'ai', 'system', 'tool'] },
    content: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }] },
  },
  required: ['type', 'content'],
}
const messages = {
  type: 'object',
  properties: { messages: { type: 'array', items: message } },
  required: ['messages'],
}

/** The JSON Schemas of a conversation. */
export function conversationSchemas(graphId: string): GraphSchemas {
  const context = { type: 'object', properties: { system_prompt: { type: 'string' } } }
  return {
    graph_id: graphId,
    input_schema: messages,
    output_schema: messages,
    state_schema: messages,
    config_schema: context,
    context_schema: context,
  }
}

/** A conversation as a drawing. */
export const conversationDrawing = {
  nodes: [
    { id: '__start__', type: 'schema', data: '__start__' },
    { id: node, type: 'runnable', data: { id: [node], name: node } },
    { id: '__end__', type: 'schema', data: '__end__' },
  ],
  edges: [
    { source: '__start__', target: node },
    { source: node, target: '__end__' },
  ],
}
