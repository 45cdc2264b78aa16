import { Refusal } from './refusal.js'

/** The longest body that a request may have, in bytes. */
const longestBody = 1024 * 1024

/**
 * The JSON object that a request carries.
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Record<string, unknown>>}
 */
export async function readBody(request) {
  // A page of somebody else's can send forms and plain text to a server on this machine, but no JSON.
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw malformed('Send the body as content-type: application/json.')
  /** @type {Buffer[]} */
  const chunks = []
  let length = 0
  for await (const chunk of /** @type {AsyncIterable<Buffer>} */ (request)) {
    length += chunk.length
    if (length <= longestBody) chunks.push(chunk)
    // A client that is cut off while it sends does not get to read why; so only what has no end is cut off.
    else if (length > 16 * longestBody) break
  }
  if (length > longestBody) throw malformed(`The body is longer than ${longestBody} bytes.`)
  const value = parse(Buffer.concat(chunks))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body must be a JSON object.')
  }
  return { ...value }
}

/**
 * A text of a body.
 * @param {Record<string, unknown>} body
 * @param {string} field
 * @param {number} longest in characters
 */
export function text(body, field, longest) {
  const value = optionalText(body, field, longest)
  if (value === undefined || value === '') throw invalid(`${field} is missing.`)
  return value
}

/**
 * A text that may be left out, or null.
 * @param {Record<string, unknown>} body
 * @param {string} field
 * @param {number} longest in characters
 */
export function optionalText(body, field, longest) {
  const value = body[field] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw invalid(`${field} must be a string.`)
  if (value.includes('\0')) throw invalid(`${field} must not hold a zero byte.`)
  if (value.length > longest) throw invalid(`${field} must have at most ${longest} characters.`)
  return value
}

/**
 * A text that is one of some words.
 * @template {string} Choice
 * @param {Record<string, unknown>} body
 * @param {string} field
 * @param {readonly Choice[]} choices
 */
export function oneOf(body, field, choices) {
  const value = text(body, field, 100)
  const chosen = choices.find((choice) => choice === value)
  if (chosen === undefined) throw invalid(`${field} must be one of ${choices.join(', ')}.`)
  return chosen
}

/**
 * Which part of a list a request asks for: behind the row `after`, which is `next` of the part before.
 * @param {URLSearchParams} query
 */
export function pageOf(query) {
  const asked = query.get('limit') ?? '20'
  const limit = /^\d{1,3}$/.test(asked) ? Number(asked) : 0
  if (limit < 1 || limit > 100) throw invalid('limit must be a whole number from 1 to 100.')
  const after = query.get('after') ?? undefined
  if (after !== undefined && !isId(after)) throw invalid('after must be the id of the last row that you have.')
  return { limit, after }
}

/**
 * Whether a text can be an id at all.
 * @param {string} text
 */
export function isId(text) {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
}

/** @param {string} message */
function invalid(message) {
  return new Refusal(422, 'request_invalid', message)
}

/** @param {string} message */
function malformed(message) {
  return new Refusal(400, 'request_invalid', message)
}

/**
 * @param {Buffer} bytes
 * @returns {unknown}
 */
function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw malformed('The body is not JSON.')
  }
}
