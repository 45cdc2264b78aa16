import { Refusal } from './refusal.js'

/** The longest body that a request may have, in bytes. */
export const longestBody = 1024 * 1024

/**
 * The JSON object that a request carries.
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Record<string, unknown>>}
 */
export async function readBody(request) {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new Refusal(415, 'Send the body as content-type: application/json.')
  const value = parse(await readBytes(request))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'The body must be a JSON object.')
  }
  return { ...value }
}

/** @param {import('node:http').IncomingMessage} request */
async function readBytes(request) {
  /** @type {Buffer[]} */
  const chunks = []
  let length = 0
  try {
    for await (const chunk of /** @type {AsyncIterable<Buffer>} */ (request)) {
      length += chunk.length
      if (length <= longestBody) chunks.push(chunk)
      // A client that is cut off while it sends does not get to read why; so only what has no end is cut off.
      else if (length > 16 * longestBody) break
    }
  } catch {
    throw new Refusal(400, 'The body ended before it was complete.')
  }
  if (length > longestBody) throw new Refusal(413, `The body is longer than ${longestBody} bytes.`)
  return Buffer.concat(chunks)
}

/**
 * @param {Buffer} bytes
 * @returns {unknown}
 */
function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new Refusal(400, `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
