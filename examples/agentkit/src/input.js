import { Refusal } from './refusal.js'

const agentTypes = ['chat', 'canvas', 'salary_viewer']
const providers = ['azure-openai', 'gemini', 'ollama']
const roles = ['system', 'user', 'assistant', 'tool']

/** How many rows a page has unless the request says otherwise, and how many it can have. */
const pageSizes = { usual: 20, most: 100 }

/**
 * What a request to create a thread says.
 * @param {Record<string, unknown>} body
 */
export function threadInput(body) {
  assertKnown(body, ['title', 'agent_type', 'model', 'provider'])
  return {
    title: text(body, 'title', 255),
    agent_type: oneOf(body, 'agent_type', agentTypes) ?? 'chat',
    model: text(body, 'model', 100),
    provider: oneOf(body, 'provider', providers),
  }
}

/**
 * What a request to add a message says.
 * @param {Record<string, unknown>} body
 */
export function messageInput(body) {
  assertKnown(body, ['role', 'content', 'artifact_data', 'message_metadata'])
  return {
    role: required('role', oneOf(body, 'role', roles)),
    content: required('content', text(body, 'content')),
    artifact_data: body['artifact_data'] ?? null,
    message_metadata: body['message_metadata'] ?? null,
  }
}

/**
 * Which part of a list a request asks for.
 * @param {URLSearchParams} query
 */
export function pageInput(query) {
  const asked = query.get('limit') ?? String(pageSizes.usual)
  const limit = /^\d{1,3}$/.test(asked) ? Number(asked) : 0
  if (limit < 1 || limit > pageSizes.most) {
    throw new Refusal(400, `limit must be a whole number from 1 to ${pageSizes.most}.`)
  }
  const after = query.get('after') ?? undefined
  if (after !== undefined && !isId(after)) throw new Refusal(400, 'after must be the id of the last row that you have.')
  return { limit, after }
}

/**
 * Whether a text can be the id of a row at all.
 * @param {string} text
 */
export function isId(text) {
  return /^[\w-]{1,36}$/.test(text)
}

/**
 * @param {Record<string, unknown>} body
 * @param {readonly string[]} known
 */
function assertKnown(body, known) {
  const unknown = Object.keys(body).find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw new Refusal(400, `There is no field ${JSON.stringify(unknown)}; the fields are ${known.join(', ')}.`)
}

/**
 * @param {Record<string, unknown>} body
 * @param {string} field
 * @param {number} longest in characters, as the database counts them
 */
function text(body, field, longest = Number.POSITIVE_INFINITY) {
  const value = body[field] ?? null
  if (value === null) return null
  if (typeof value !== 'string') throw new Refusal(400, `${field} must be a string.`)
  if (value.includes('\0')) throw new Refusal(400, `${field} must not hold a zero byte.`)
  if ([...value].length > longest) throw new Refusal(400, `${field} must have at most ${longest} characters.`)
  return value
}

/**
 * @param {Record<string, unknown>} body
 * @param {string} field
 * @param {readonly string[]} choices
 */
function oneOf(body, field, choices) {
  const value = text(body, field)
  if (value === null || choices.includes(value)) return value
  throw new Refusal(400, `${field} must be one of ${choices.join(', ')}.`)
}

/**
 * @param {string} field
 * @param {string | null} value
 */
function required(field, value) {
  if (value === null) throw new Refusal(400, `${field} is missing.`)
  return value
}
